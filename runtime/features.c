/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What this build can do, for engines that ask before they write a config.json. Only what is honoured stands here: an
 * engine that believes it would otherwise start a container with less than it asked for.
 */
#include <config.h>

#include "runtime/features.h"

#include <errno.h>
#include <linux/seccomp.h>
#include <seccomp.h>

#include "base/cleanup.h"
#include "base/sys.h"
#include "config/oci.h"
#include "config/policy.h"
#include "runtime/pretty.h"
#include "runtime/seccomp_parts.h"

#ifdef HAVE_SYSTEMD
#define WITH_SYSTEMD true
#else
#define WITH_SYSTEMD false
#endif

#ifndef SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV
#define SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV (1UL << 5) /* Linux 5.19 */
#endif

/* clang-format off */
const char *const features_mount_options[] = {
	"async", "atime", "bind", "copy-symlink", "defaults", "dest-nofollow", "dev", "diratime", "dirsync", "exec",
	"idmap", "iversion", "lazytime", "loud", "mand", "noatime", "nodev", "nodiratime", "noexec", "noiversion",
	"nolazytime", "nomand", "norelatime", "nostrictatime", "nosuid", "nosymfollow", "private", "ratime", "rbind",
	"rdev", "rdiratime", "relatime", "rexec", "ridmap", "rnoatime", "rnodev", "rnodiratime", "rnoexec",
	"rnorelatime", "rnostrictatime", "rnosuid", "rnosymfollow", "ro", "rprivate", "rrelatime", "rro", "rrw",
	"rshared", "rslave", "rstrictatime", "rsuid", "rsymfollow", "runbindable", "rw", "shared", "silent", "slave",
	"src-nofollow", "strictatime", "suid", "symfollow", "sync", "tmpcopyup", "unbindable", NULL,
};

static const char *const hooks[] = {
	"prestart", "createRuntime", "createContainer", "startContainer", "poststart", "poststop", NULL,
};

static const char *const actions[] = {
	"SCMP_ACT_ALLOW", "SCMP_ACT_ERRNO", "SCMP_ACT_KILL", "SCMP_ACT_KILL_PROCESS", "SCMP_ACT_KILL_THREAD",
	"SCMP_ACT_LOG", "SCMP_ACT_TRACE", "SCMP_ACT_TRAP", NULL,
};

static const char *const operators[] = {
	"SCMP_CMP_EQ", "SCMP_CMP_GE", "SCMP_CMP_GT", "SCMP_CMP_LE", "SCMP_CMP_LT", "SCMP_CMP_MASKED_EQ",
	"SCMP_CMP_NE", NULL,
};

static const char *const archs[] = { /* of the specification; what libseccomp does not know is left out */
	"SCMP_ARCH_AARCH64", "SCMP_ARCH_ARM", "SCMP_ARCH_LOONGARCH64", "SCMP_ARCH_M68K", "SCMP_ARCH_MIPS",
	"SCMP_ARCH_MIPS64", "SCMP_ARCH_MIPS64N32", "SCMP_ARCH_MIPSEL", "SCMP_ARCH_MIPSEL64",
	"SCMP_ARCH_MIPSEL64N32", "SCMP_ARCH_PARISC", "SCMP_ARCH_PARISC64", "SCMP_ARCH_PPC", "SCMP_ARCH_PPC64",
	"SCMP_ARCH_PPC64LE", "SCMP_ARCH_RISCV64", "SCMP_ARCH_S390", "SCMP_ARCH_S390X", "SCMP_ARCH_SH",
	"SCMP_ARCH_SHEB", "SCMP_ARCH_X32", "SCMP_ARCH_X86", "SCMP_ARCH_X86_64",
};

static const char *const unsafe_annotations[] = { "org.systemd.property.", "run.oci.keep_original_groups", NULL };

static const struct {
	const char *name;
	unsigned int probe; /* flags that a kernel which knows this one takes together */
} flags[] = {
	{ "SECCOMP_FILTER_FLAG_TSYNC", SECCOMP_FILTER_FLAG_TSYNC },
	{ "SECCOMP_FILTER_FLAG_SPEC_ALLOW", SECCOMP_FILTER_FLAG_SPEC_ALLOW },
	{ "SECCOMP_FILTER_FLAG_LOG", SECCOMP_FILTER_FLAG_LOG },
	{ "SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV",
	  SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV | SECCOMP_FILTER_FLAG_NEW_LISTENER },
};
/* clang-format on */

struct list { /* a JSON array of strings while it grows */
	struct pf_buf *b;
	bool any;
};

static struct list list_begin(struct pf_buf *b, const char *key)
{
	pf_buf_printf(b, "\"%s\":[", key);
	return (struct list){ .b = b };
}

static void list_add(struct list *l, const char *text)
{
	pf_buf_puts(l->b, l->any ? "," : "");
	pf_buf_json(l->b, text);
	l->any = true;
}

static void add_list(struct pf_buf *b, const char *key, const char *const *names)
{
	pf_buf_printf(b, "\"%s\":", key);
	pretty_list(b, names);
}

static void add_names(struct pf_buf *b)
{
	struct list l = list_begin(b, "namespaces");

	for (int i = 0; i < OCI_NS_COUNT_; i++)
		list_add(&l, oci_namespace_name((enum oci_ns)i));
	pf_buf_puts(b, "],");
	l = list_begin(b, "capabilities");
	for (int i = 0; oci_cap_name(i); i++)
		list_add(&l, oci_cap_name(i));
	pf_buf_puts(b, "],");
}

/* A filter at address 0: EFAULT when the flags were understood, EINVAL when they were not. Nothing is loaded. */
static bool flag_is_supported(unsigned int probe)
{
	return sys_seccomp(SECCOMP_SET_MODE_FILTER, probe, NULL) == -EFAULT;
}

static void add_seccomp(struct pf_buf *b)
{
	struct list l;

	pf_buf_puts(b, "\"seccomp\":{\"enabled\":true,");
	add_list(b, "actions", actions);
	pf_buf_puts(b, ",");
	add_list(b, "operators", operators);
	pf_buf_puts(b, ",");
	l = list_begin(b, "archs");
	for (size_t i = 0; i < ARRAY_SIZE(archs); i++)
		if (seccomp_arch_of(archs[i]) != 0)
			list_add(&l, archs[i]);
	pf_buf_puts(b, "],");
	l = list_begin(b, "knownFlags");
	for (size_t i = 0; i < ARRAY_SIZE(flags); i++)
		list_add(&l, flags[i].name);
	pf_buf_puts(b, "],");
	l = list_begin(b, "supportedFlags");
	for (size_t i = 0; i < ARRAY_SIZE(flags); i++)
		if (flag_is_supported(flags[i].probe))
			list_add(&l, flags[i].name);
	pf_buf_puts(b, "]},");
}

static void add_linux(struct pf_buf *b)
{
	pf_buf_puts(b, "\"linux\":{");
	add_names(b);
	pf_buf_printf(b,
		      "\"cgroup\":{\"v1\":true,\"v2\":true,\"systemd\":%s,\"systemdUser\":%s,"
		      "\"rdma\":true},",
		      WITH_SYSTEMD ? "true" : "false", WITH_SYSTEMD ? "true" : "false");
	add_seccomp(b);
	pf_buf_puts(b, "\"apparmor\":{\"enabled\":true},\"selinux\":{\"enabled\":true},"
		       "\"intelRdt\":{\"enabled\":false},\"netDevices\":{\"enabled\":false},"
		       "\"mountExtensions\":{\"idmap\":{\"enabled\":true}}}");
}

/* Which keys of ours this build can put in force: the values of annotations are strings, so a list with spaces. */
static void add_annotations(struct pf_buf *b)
{
	const struct scmp_version *v = seccomp_version();
	const char *space = "";

	pf_buf_puts(b, "\"annotations\":{");
	pf_buf_printf(b, "\"io.github.seccomp.libseccomp.version\":\"%u.%u.%u\",", v->major,
		      v->minor, v->micro);
	pf_buf_puts(b, "\"" POLICY_PREFIX "keys\":\"");
	for (int i = 0; i < POLICY_KEY_COUNT_; i++) {
		if (!policy_keys[i].built)
			continue;
		pf_buf_printf(b, "%s%s", space, policy_keys[i].name);
		space = " ";
	}
	pf_buf_puts(b, "\",\"" POLICY_PREFIX "version\":\"" PACKAGE_VERSION "\"}");
}

void features_write(struct pf_buf *ret)
{
	auto_buf compact = { 0 };

	pf_buf_puts(&compact,
		    "{\"ociVersionMin\":\"1.0.0\",\"ociVersionMax\":\"" OCI_VERSION "\",");
	add_list(&compact, "hooks", hooks);
	pf_buf_puts(&compact, ",");
	add_list(&compact, "mountOptions", features_mount_options);
	pf_buf_puts(&compact, ",");
	add_linux(&compact);
	pf_buf_puts(&compact, ",");
	add_annotations(&compact);
	pf_buf_puts(&compact, ",");
	add_list(&compact, "potentiallyUnsafeConfigAnnotations", unsafe_annotations);
	pf_buf_puts(&compact, "}");
	if (compact.failed)
		ret->failed = true;
	else
		pretty_json(ret, compact.data, "    ");
}
