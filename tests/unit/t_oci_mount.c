/* SPDX-License-Identifier: Apache-2.0 */
/* Mounts: which language each option belongs to, and what a wrong one is answered. */
#include <config.h>

#include <sys/mount.h>

#include "base/sys.h"
#include "tests/unit/oci_text.h"

static const struct oci_mount *mount_of(const char *members)
{
	static const struct oci_mount none;

	CHECK_STR(oci_mount_refusal(members), "");
	return oci_config.n_mounts ? &oci_config.mounts[0] : &none;
}

static void kinds(void)
{
	const struct oci_mount *m;

	CHECK_INT(mount_of("'type':'proc','source':'proc'")->kind, ==, OCI_FS_PROC);
	CHECK_INT(mount_of("'type':'tmpfs'")->kind, ==, OCI_FS_TMPFS);
	CHECK_INT(mount_of("'type':'sysfs'")->kind, ==, OCI_FS_SYSFS);
	CHECK_INT(mount_of("'type':'devpts'")->kind, ==, OCI_FS_DEVPTS);
	CHECK_INT(mount_of("'type':'mqueue'")->kind, ==, OCI_FS_MQUEUE);
	CHECK_INT(mount_of("'type':'cgroup'")->kind, ==, OCI_FS_CGROUP);
	CHECK_INT(mount_of("'type':'cgroup2'")->kind, ==, OCI_FS_CGROUP);
	CHECK_INT(mount_of("'type':'overlay'")->kind, ==, OCI_FS_OTHER);
	m = mount_of("'type':'bind','source':'/a'");
	CHECK(m->kind == OCI_FS_BIND && !m->recursive);
	m = mount_of("'source':'a/b','options':['rbind']");
	CHECK(m->kind == OCI_FS_BIND && m->recursive);
	CHECK_STR(m->type, "bind");
	CHECK_STR(m->source, "a/b");
	m = mount_of("'type':'none','source':'/a','options':['bind','rbind','bind']");
	CHECK(m->kind == OCI_FS_BIND && m->recursive);
	CHECK_HAS(oci_mount_refusal("'source':'/a'"), "/mounts/0: has neither a type nor `bind'");
	CHECK_HAS(oci_mount_refusal("'type':'bind'"), "/mounts/0: a bind mount needs a source");
	CHECK_HAS(oci_mount_refusal("'options':['bind'],'source':''"), "needs a source");
}

static void destinations(void)
{
	CHECK_STR(oci_refusal("", "'mounts':[{'destination':'data/x','type':'tmpfs'}]"), "");
	CHECK_STR(oci_config.mounts[0].destination, "/data/x");
	CHECK_STR(oci_refusal("", "'mounts':[{'destination':'','type':'tmpfs'}]"),
		  "/mounts/0/destination: must not be empty");
	CHECK_STR(oci_refusal("", "'mounts':[{'type':'tmpfs'}]"),
		  "/mounts/0/destination: is missing");
}

static void attributes(void)
{
	const struct oci_mount *m;

	m = mount_of("'type':'tmpfs','options':['nosuid','noexec','nodev','ro','nosymfollow']");
	CHECK_INT(m->attr_set, ==,
		  PF_MOUNT_ATTR_NOSUID | PF_MOUNT_ATTR_NOEXEC | PF_MOUNT_ATTR_NODEV |
			  PF_MOUNT_ATTR_RDONLY | PF_MOUNT_ATTR_NOSYMFOLLOW);
	CHECK_INT(m->attr_clr, ==, 0);
	CHECK(m->data == NULL);
	CHECK_INT(m->options.n, ==, 5);
	m = mount_of("'type':'tmpfs','options':['ro','rw','exec','noexec']");
	CHECK_INT(m->attr_set, ==, PF_MOUNT_ATTR_NOEXEC);
	CHECK_INT(m->attr_clr, ==, PF_MOUNT_ATTR_RDONLY);
	m = mount_of(
		"'type':'bind','source':'/a','options':['rbind','rro','rnosuid','rrw','rdev']");
	CHECK_INT(m->attr_set, ==, 0);
	CHECK_INT(m->rec_attr_set, ==, PF_MOUNT_ATTR_NOSUID);
	CHECK_INT(m->rec_attr_clr, ==, PF_MOUNT_ATTR_RDONLY | PF_MOUNT_ATTR_NODEV);
}

/* mount_setattr(2) fails unless the access time field is cleared as a whole before a mode is set. */
static void access_times(void)
{
	const struct oci_mount *m;

	m = mount_of("'type':'tmpfs','options':['noatime']");
	CHECK_INT(m->attr_set, ==, PF_MOUNT_ATTR_NOATIME);
	CHECK_INT(m->attr_clr, ==, PF_MOUNT_ATTR__ATIME);
	m = mount_of("'type':'tmpfs','options':['noatime','relatime']");
	CHECK_INT(m->attr_set, ==, 0);
	CHECK_INT(m->attr_clr, ==, PF_MOUNT_ATTR__ATIME);
	m = mount_of("'type':'tmpfs','options':['noatime','strictatime','nodiratime']");
	CHECK_INT(m->attr_set, ==, PF_MOUNT_ATTR_STRICTATIME | PF_MOUNT_ATTR_NODIRATIME);
	m = mount_of("'type':'tmpfs','options':['noatime','norelatime']");
	CHECK_INT(m->attr_set, ==, PF_MOUNT_ATTR_NOATIME);
	m = mount_of("'type':'tmpfs','options':['noatime','atime']");
	CHECK_INT(m->attr_set, ==, 0);
	m = mount_of("'type':'tmpfs','options':['strictatime','nostrictatime']");
	CHECK_INT(m->attr_set, ==, 0);
	m = mount_of("'type':'bind','source':'/a','options':['rbind','rnoatime']");
	CHECK_INT(m->rec_attr_set, ==, PF_MOUNT_ATTR_NOATIME);
	CHECK_INT(m->rec_attr_clr, ==, PF_MOUNT_ATTR__ATIME);
}

static void every_option_is_known(void)
{
	static const char *const options[] = {
		"defaults",     "ro",
		"rw",           "suid",
		"nosuid",       "dev",
		"nodev",        "exec",
		"noexec",       "sync",
		"async",        "dirsync",
		"mand",         "nomand",
		"atime",        "noatime",
		"diratime",     "nodiratime",
		"relatime",     "norelatime",
		"strictatime",  "nostrictatime",
		"lazytime",     "nolazytime",
		"iversion",     "noiversion",
		"silent",       "loud",
		"symfollow",    "nosymfollow",
		"private",      "rprivate",
		"shared",       "rshared",
		"slave",        "rslave",
		"unbindable",   "runbindable",
		"bind",         "rbind",
		"rro",          "rrw",
		"rsuid",        "rnosuid",
		"rdev",         "rnodev",
		"rexec",        "rnoexec",
		"ratime",       "rnoatime",
		"rdiratime",    "rnodiratime",
		"rrelatime",    "rnorelatime",
		"rstrictatime", "rnostrictatime",
		"rsymfollow",   "rnosymfollow",
		"copy-symlink", "dest-nofollow",
		"src-nofollow",
	};
	char members[256];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(options); i++) {
		snprintf(members, sizeof(members), "'type':'bind','source':'/a','options':['%s']",
			 options[i]);
		CHECK_STR(oci_mount_refusal(members), "");
	}
}

static void data_is_the_filesystems(void)
{
	CHECK_STR(mount_of("'type':'tmpfs','options':['mode=755','nosuid','size=65536k','','sync']")
			  ->data,
		  "mode=755,size=65536k,sync");
	CHECK_STR(mount_of("'type':'tmpfs','options':['nosuid']")->data, NULL);
	CHECK_STR(mount_of("'type':'bind','source':'/a','options':['sync','bind']")->data, NULL);
	CHECK_STR(oci_mount_refusal("'type':'bind','source':'/a','options':['noexce']"),
		  "/mounts/0/options/0: `noexce' is not an option of a bind mount, which has no "
		  "filesystem of its own");
	CHECK_HAS(oci_mount_refusal("'type':'tmpfs','options':['ro','remount']"),
		  "/mounts/0/options/1: `remount' is not supported");
}

static void propagation(void)
{
	const struct oci_mount *m;

	m = mount_of("'type':'bind','source':'/a','options':['bind','private','rslave']");
	CHECK_INT(m->propagation, ==, MS_SLAVE);
	CHECK(m->propagation_recursive);
	m = mount_of("'type':'bind','source':'/a','options':['bind','shared']");
	CHECK_INT(m->propagation, ==, MS_SHARED);
	CHECK(!m->propagation_recursive);
	m = mount_of("'type':'bind','source':'/a','options':['bind']");
	CHECK_INT(m->propagation, ==, 0);
}

static const char *destination_of(const char *path)
{
	char text[256];

	snprintf(text, sizeof(text), "'mounts':[{'destination':'%s','type':'tmpfs'}]", path);
	CHECK_STR(oci_refusal("", text), "");
	return oci_config.n_mounts ? oci_config.mounts[0].destination : "";
}

static void destinations_are_spelt_one_way(void)
{
	CHECK_STR(destination_of("/dev/"), "/dev");
	CHECK_STR(destination_of("/./proc"), "/proc");
	CHECK_STR(destination_of("proc"), "/proc");
	CHECK_STR(destination_of("//a//b/.././../proc/."), "/proc");
	CHECK_STR(destination_of("/../.."), "/");
	CHECK_STR(destination_of("/..a/.b/..."), "/..a/.b/...");
	CHECK_STR(destination_of("x"), "/x");
}

static void shared_is_added_to_what_was_cut(void)
{
	const struct oci_mount *m;

	m = mount_of("'type':'bind','source':'/a','options':['bind','rslave','rshared']");
	CHECK_INT(m->propagation, ==, MS_SLAVE | MS_SHARED);
	CHECK(m->propagation_recursive);
	m = mount_of("'type':'bind','source':'/a','options':['bind','rshared','slave']");
	CHECK_INT(m->propagation, ==, MS_SLAVE);
	CHECK(!m->propagation_recursive);
}

static void requests_to_the_runtime(void)
{
	CHECK(mount_of("'type':'tmpfs','options':['tmpcopyup']")->tmpcopyup);
	CHECK_HAS(oci_mount_refusal("'type':'proc','options':['tmpcopyup']"),
		  "/mounts/0: `tmpcopyup' belongs to tmpfs only");
	CHECK(mount_of("'source':'/a','options':['bind','copy-symlink']")->copy_symlink);
	CHECK_HAS(oci_mount_refusal("'type':'proc','options':['copy-symlink']"),
		  "/mounts/0: `copy-symlink' belongs to bind mounts only");
	CHECK(mount_of("'source':'/a','options':['bind','src-nofollow']")->src_nofollow);
	CHECK(mount_of("'source':'/a','options':['bind','dest-nofollow']")->dest_nofollow);
}

static void id_mappings(void)
{
	const char *bind =
		"'mounts':[{'destination':'/d','source':'/a','options':['rbind','ridmap']}]";
	const char *user = "'namespaces':[{'type':'user','path':'/proc/1/ns/user'}]";
	const struct oci_mount *m;

	m = mount_of("'source':'/a','options':['bind'],"
		     "'uidMappings':[{'containerID':0,'hostID':1000,'size':10}],"
		     "'gidMappings':[{'containerID':0,'hostID':1000,'size':10}]");
	CHECK(m->idmap && !m->idmap_recursive);
	CHECK_INT(m->uid_maps.n, ==, 1);
	CHECK_INT(m->uid_maps.v[0].host_id, ==, 1000);
	CHECK_HAS(oci_refusal("", bind), "/mounts/0: `idmap' without mappings takes those of");
	CHECK_STR(oci_refusal(user, bind), "");
	CHECK(oci_config.mounts[0].idmap && oci_config.mounts[0].idmap_recursive);
	CHECK_HAS(oci_mount_refusal("'source':'/a','options':['bind'],"
				    "'uidMappings':[{'containerID':0,'hostID':1000,'size':10}]"),
		  "/mounts/0: uidMappings and gidMappings must come together");
	CHECK_HAS(oci_mount_refusal("'type':'tmpfs','options':['idmap']"),
		  "/mounts/0: only a bind mount can have id mappings");
	CHECK_HAS(
		oci_mount_refusal("'source':'/a','options':['bind','idmap=uids=0-1-1;gids=0-1-1']"),
		"/mounts/0/options/1: mappings within `idmap=uids=0-1-1;gids=0-1-1' are not");
	CHECK_HAS(oci_mount_refusal("'type':'x','options':['ridmap=uids=0-1-1']"),
		  "/mounts/0/options/0: mappings within");
	CHECK_HAS(oci_mount_refusal("'source':'/a','options':['bind'],'gidMappings':[],"
				    "'uidMappings':[{'containerID':0,'hostID':0,'size':0}]"),
		  "/mounts/0/uidMappings/0/size: 0 is out of range");
}

int main(void)
{
	RUN(kinds);
	RUN(destinations);
	RUN(attributes);
	RUN(access_times);
	RUN(every_option_is_known);
	RUN(data_is_the_filesystems);
	RUN(propagation);
	RUN(shared_is_added_to_what_was_cut);
	RUN(destinations_are_spelt_one_way);
	RUN(requests_to_the_runtime);
	RUN(id_mappings);
	oci_config_free(&oci_config);
	return tap_done();
}
