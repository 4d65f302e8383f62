/* SPDX-License-Identifier: Apache-2.0 */
/* The seccomp object of config.json. Words are checked here; what they mean to the kernel is runtime/seccomp's. */
#include <config.h>

#include <errno.h>
#include <string.h>

#include "config/oci_internal.h"

#define ERRNO_MAX 65535u /* SECCOMP_RET_DATA is 16 bits wide */

enum { ACTION_NOTIFY = 1 };

/* clang-format off */
static const struct word actions[] = {
	{ "SCMP_ACT_KILL", 0 },	 { "SCMP_ACT_KILL_PROCESS", 0 }, { "SCMP_ACT_KILL_THREAD", 0 },
	{ "SCMP_ACT_TRAP", 0 },	 { "SCMP_ACT_ERRNO", 0 },	 { "SCMP_ACT_TRACE", 0 },
	{ "SCMP_ACT_ALLOW", 0 }, { "SCMP_ACT_LOG", 0 },		 { "SCMP_ACT_NOTIFY", ACTION_NOTIFY },
	{ NULL, 0 },
};

static const struct word architectures[] = {
	{ "SCMP_ARCH_X86", 0 },	     { "SCMP_ARCH_X86_64", 0 },	  { "SCMP_ARCH_X32", 0 },
	{ "SCMP_ARCH_ARM", 0 },	     { "SCMP_ARCH_AARCH64", 0 },  { "SCMP_ARCH_LOONGARCH64", 0 },
	{ "SCMP_ARCH_M68K", 0 },     { "SCMP_ARCH_MIPS", 0 },	  { "SCMP_ARCH_MIPS64", 0 },
	{ "SCMP_ARCH_MIPS64N32", 0 }, { "SCMP_ARCH_MIPSEL", 0 },  { "SCMP_ARCH_MIPSEL64", 0 },
	{ "SCMP_ARCH_MIPSEL64N32", 0 }, { "SCMP_ARCH_PPC", 0 },	  { "SCMP_ARCH_PPC64", 0 },
	{ "SCMP_ARCH_PPC64LE", 0 },  { "SCMP_ARCH_S390", 0 },	  { "SCMP_ARCH_S390X", 0 },
	{ "SCMP_ARCH_SH", 0 },	     { "SCMP_ARCH_SHEB", 0 },	  { "SCMP_ARCH_PARISC", 0 },
	{ "SCMP_ARCH_PARISC64", 0 }, { "SCMP_ARCH_RISCV64", 0 },  { NULL, 0 },
};

static const struct word flags[] = {
	{ "SECCOMP_FILTER_FLAG_TSYNC", 0 },	 { "SECCOMP_FILTER_FLAG_LOG", 0 },
	{ "SECCOMP_FILTER_FLAG_SPEC_ALLOW", 0 }, { "SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV", 0 },
	{ NULL, 0 },
};

static const struct word operators[] = { /* values of enum scmp_compare, seccomp_init(3) */
	{ "SCMP_CMP_NE", 1 }, { "SCMP_CMP_LT", 2 }, { "SCMP_CMP_LE", 3 }, { "SCMP_CMP_EQ", 4 },
	{ "SCMP_CMP_GE", 5 }, { "SCMP_CMP_GT", 6 }, { "SCMP_CMP_MASKED_EQ", 7 }, { NULL, 0 },
};
/* clang-format on */

static int read_action(struct parse *p, const struct json *v, void *dst)
{
	uint64_t value;

	STEP(fields_word(p, v, actions, &value));
	if (value == ACTION_NOTIFY)
		return parse_fail(p, v,
				  "`SCMP_ACT_NOTIFY' is not supported: no agent would be asked");
	memcpy(dst, &v->text, sizeof(v->text));
	return 0;
}

static int read_words(struct parse *p, const struct json *v, const struct word *words, void *dst)
{
	const struct json *child;
	uint64_t value;

	STEP(fields_read_strings(p, v, 0, dst));
	for (child = v->child; child; child = child->next)
		STEP(fields_word(p, child, words, &value));
	return 0;
}

static int read_architectures(struct parse *p, const struct json *v, void *dst)
{
	return read_words(p, v, architectures, dst);
}

static int read_filter_flags(struct parse *p, const struct json *v, void *dst)
{
	return read_words(p, v, flags, dst);
}

static const struct field arg_rows[] = {
	{ "index", FIELD_INT, FIELD_REQUIRED, AT(struct oci_seccomp_arg, index), RANGE(0, 5) },
	{ "value", FIELD_INT, FIELD_REQUIRED, AT(struct oci_seccomp_arg, value),
	  RANGE(0, UINT64_MAX) },
	{ "valueTwo", FIELD_INT, AT(struct oci_seccomp_arg, value_two), RANGE(0, UINT64_MAX) },
	{ "op", FIELD_WORD, FIELD_REQUIRED, AT(struct oci_seccomp_arg, op), .words = operators },
};

static const struct fields arg_fields = { TABLE(arg_rows), .size = sizeof(struct oci_seccomp_arg) };

static const struct field syscall_rows[] = {
	{ "names", FIELD_STRINGS, FIELD_REQUIRED | FIELD_NOT_EMPTY,
	  AT(struct oci_seccomp_syscall, names) },
	{ "action", FIELD_CUSTOM, FIELD_REQUIRED, AT(struct oci_seccomp_syscall, action),
	  .read = read_action, .note = "SCMP_ACT_NOTIFY is refused" },
	{ "errnoRet", FIELD_INT, AT(struct oci_seccomp_syscall, errno_ret),
	  HAS(struct oci_seccomp_syscall, has_errno), RANGE(0, ERRNO_MAX) },
	{ "args", FIELD_ARRAY, AT(struct oci_seccomp_syscall, args),
	  COUNT(struct oci_seccomp_syscall, n_args), .sub = &arg_fields },
};

static const struct fields syscall_fields = { TABLE(syscall_rows),
					      .size = sizeof(struct oci_seccomp_syscall) };

static const struct field seccomp_rows[] = {
	{ "defaultAction", FIELD_CUSTOM, FIELD_REQUIRED, AT(struct oci_seccomp, default_action),
	  .read = read_action, .note = "SCMP_ACT_NOTIFY is refused" },
	{ "defaultErrnoRet", FIELD_INT, AT(struct oci_seccomp, default_errno),
	  HAS(struct oci_seccomp, has_default_errno), RANGE(0, ERRNO_MAX) },
	{ "architectures", FIELD_CUSTOM, AT(struct oci_seccomp, architectures),
	  .read = read_architectures },
	{ "flags", FIELD_CUSTOM, AT(struct oci_seccomp, flags), HAS(struct oci_seccomp, has_flags),
	  .read = read_filter_flags },
	{ "listenerPath", FIELD_STRING, AT(struct oci_seccomp, listener_path),
	  .note = "no effect without SCMP_ACT_NOTIFY" },
	{ "listenerMetadata", FIELD_STRING, AT(struct oci_seccomp, listener_metadata),
	  .note = "no effect without SCMP_ACT_NOTIFY" },
	{ "syscalls", FIELD_ARRAY, AT(struct oci_seccomp, syscalls),
	  COUNT(struct oci_seccomp, n_syscalls), .sub = &syscall_fields },
};

const struct fields oci_seccomp_fields = { TABLE(seccomp_rows) };
