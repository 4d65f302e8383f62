/* SPDX-License-Identifier: Apache-2.0 */
/* The config.json of `pinfold spec': what people edit, so it has what runc's has, in the same order. */
#include <config.h>

#include "runtime/spec.h"

#include <linux/magic.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "config/oci.h"
#include "runtime/pretty.h"

#define CAPS "[\"CAP_AUDIT_WRITE\",\"CAP_KILL\",\"CAP_NET_BIND_SERVICE\"]"

static const char process[] =
	"\"process\":{\"terminal\":true,\"user\":{\"uid\":0,\"gid\":0},\"args\":[\"sh\"],"
	"\"env\":[\"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin\",\"TERM=xterm\"],"
	"\"cwd\":\"/\",\"capabilities\":{\"bounding\":" CAPS ",\"effective\":" CAPS
	",\"permitted\":" CAPS "},"
	"\"rlimits\":[{\"type\":\"RLIMIT_NOFILE\",\"hard\":1024,\"soft\":1024}],"
	"\"noNewPrivileges\":true},"
	"\"root\":{\"path\":\"rootfs\",\"readonly\":true},\"hostname\":\"pinfold\",";

struct spec_mount {
	const char *destination, *type, *source;
	const char *options[9];
	bool rootful, rootless; /* in which of the two it stands */
};

/* clang-format off */
static const struct spec_mount mounts[] = {
	{ "/proc", "proc", "proc", { NULL }, true, true },
	{ "/dev", "tmpfs", "tmpfs", { "nosuid", "strictatime", "mode=755", "size=65536k" }, true, true },
	{ "/dev/pts", "devpts", "devpts",
	  { "nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620", "gid=5" }, true, false },
	{ "/dev/pts", "devpts", "devpts", /* group 5 has no mapping */
	  { "nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620" }, false, true },
	{ "/dev/shm", "tmpfs", "shm", { "nosuid", "noexec", "nodev", "mode=1777", "size=65536k" }, true, true },
	{ "/dev/mqueue", "mqueue", "mqueue", { "nosuid", "noexec", "nodev" }, true, true },
	{ "/sys", "sysfs", "sysfs", { "nosuid", "noexec", "nodev", "ro" }, true, false },
	{ "/sys", "none", "/sys", /* a new sysfs needs a network namespace of one's own */
	  { "rbind", "nosuid", "noexec", "nodev", "ro" }, false, true },
	{ "/sys/fs/cgroup", "cgroup", "cgroup", { "nosuid", "noexec", "nodev", "relatime", "ro" }, true, true },
};
/* clang-format on */

static const char *const masked[] = {
	"/proc/acpi",          "/proc/asound",
	"/proc/kcore",         "/proc/keys",
	"/proc/latency_stats", "/proc/timer_list",
	"/proc/timer_stats",   "/proc/sched_debug",
	"/sys/firmware",       "/sys/devices/virtual/powercap",
	"/proc/scsi",          NULL,
};

static const char *const readonly[] = {
	"/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger", NULL,
};

static void add_mounts(struct pf_buf *b, bool rootless)
{
	const char *comma = "";

	pf_buf_puts(b, "\"mounts\":[");
	for (size_t i = 0; i < sizeof(mounts) / sizeof(mounts[0]); i++) {
		const struct spec_mount *m = &mounts[i];

		if (!(rootless ? m->rootless : m->rootful))
			continue;
		pf_buf_printf(b, "%s{\"destination\":\"%s\",\"type\":\"%s\",\"source\":\"%s\"",
			      comma, m->destination, m->type, m->source);
		if (m->options[0]) {
			pf_buf_puts(b, ",\"options\":");
			pretty_list(b, m->options);
		}
		pf_buf_puts(b, "}");
		comma = ",";
	}
	pf_buf_puts(b, "],");
}

static bool is_cgroup2_host(void)
{
	struct statfs sf;

	return statfs("/sys/fs/cgroup", &sf) == 0 && sf.f_type == CGROUP2_SUPER_MAGIC;
}

static void add_linux(struct pf_buf *b, bool rootless)
{
	pf_buf_puts(b, "\"linux\":{");
	if (rootless) {
		pf_buf_printf(b, "\"uidMappings\":[{\"containerID\":0,\"hostID\":%u,\"size\":1}],",
			      (unsigned int)geteuid());
		pf_buf_printf(b, "\"gidMappings\":[{\"containerID\":0,\"hostID\":%u,\"size\":1}],",
			      (unsigned int)getegid());
	} else {
		pf_buf_puts(b,
			    "\"resources\":{\"devices\":[{\"allow\":false,\"access\":\"rwm\"}]},");
	}
	pf_buf_puts(b, "\"namespaces\":[{\"type\":\"pid\"},");
	pf_buf_puts(b, rootless ? "" : "{\"type\":\"network\"},");
	pf_buf_puts(b, "{\"type\":\"ipc\"},{\"type\":\"uts\"},{\"type\":\"mount\"}");
	pf_buf_puts(b, rootless ? ",{\"type\":\"user\"}" : "");
	pf_buf_puts(b, is_cgroup2_host() ? ",{\"type\":\"cgroup\"}" : "");
	pf_buf_puts(b, "],\"maskedPaths\":");
	pretty_list(b, masked);
	pf_buf_puts(b, ",\"readonlyPaths\":");
	pretty_list(b, readonly);
	pf_buf_puts(b, "}");
}

void spec_write(bool rootless, struct pf_buf *ret)
{
	auto_buf compact = { 0 };

	pf_buf_puts(&compact, "{\"ociVersion\":\"" OCI_VERSION "\",");
	pf_buf_puts(&compact, process);
	add_mounts(&compact, rootless);
	add_linux(&compact, rootless);
	pf_buf_puts(&compact, "}");
	if (compact.failed)
		ret->failed = true;
	else
		pretty_json(ret, compact.data, "\t");
}
