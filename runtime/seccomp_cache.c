/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Compiled seccomp programs, kept by content. The profile is the workload's word, so nothing here rests on a hash: an
 * entry holds every byte that decided its program, and these are compared on load. The hash only picks one of a fixed
 * number of slots, which also bounds what a stream of different profiles can leave on the disk.
 *
 * An entry is a file of our own uid that no one else can write. Whatever does not check is passed over and replaced.
 */
#include <config.h>

#include <fcntl.h>
#include <seccomp.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "runtime/seccomp_parts.h"

#define ENTRY_MAGIC     0x31424d4f43534650ull /* "PFSCOMB1" */
#define ENTRY_MAX_BYTES (256u << 10)
#define SLOTS           4096u
#define STALE_SECONDS   60

/* Raise it when the same profile shall give another program. */
#define GENERATION 1u

struct entry {
	uint64_t magic, checksum; /* of all that follows it */
	uint32_t key_bytes, n_insns;
	/* key bytes, then instructions */
};

/* FNV-1a over words: finds damage and spreads slots, and holds no one off; see above. */
static uint64_t hash(const char *data, size_t len)
{
	uint64_t h = 0xcbf29ce484222325ull ^ len, word;

	for (; len > 0; data += sizeof(word), len -= len < sizeof(word) ? len : sizeof(word)) {
		word = 0;
		memcpy(&word, data, len < sizeof(word) ? len : sizeof(word));
		h = (h ^ word) * 0x100000001b3ull;
		h ^= h >> 29;
	}
	return h;
}

static void slot_name(const struct pf_buf *key, char *buf, size_t size)
{
	uint64_t h = hash(key->data, key->len);

	snprintf(buf, size, "%03x", (unsigned int)((h ^ (h >> 32)) % SLOTS));
}

static void key_u64(struct pf_buf *key, uint64_t v)
{
	pf_buf_add(key, &v, sizeof(v));
}

/* Text with its end: no two lists of strings give the same bytes, because none holds a NUL. */
static void key_text(struct pf_buf *key, const char *s)
{
	pf_buf_add(key, s ? s : "", (s ? strlen(s) : 0) + 1);
}

static void key_list(struct pf_buf *key, const struct oci_strings *list)
{
	key_u64(key, list->n);
	for (size_t i = 0; i < list->n; i++)
		key_text(key, list->v[i]);
}

static void key_syscall(struct pf_buf *key, const struct oci_seccomp_syscall *s)
{
	key_list(key, &s->names);
	key_text(key, s->action);
	key_u64(key, s->has_errno);
	key_u64(key, s->errno_ret);
	key_u64(key, s->n_args);
	for (size_t i = 0; i < s->n_args; i++) {
		key_u64(key, s->args[i].index);
		key_u64(key, s->args[i].value);
		key_u64(key, s->args[i].value_two);
		key_u64(key, (uint64_t)s->args[i].op);
	}
}

void seccomp_cache_key(const struct oci_seccomp *profile, struct pf_buf *ret)
{
	const struct scmp_version *v = seccomp_version();

	key_u64(ret, GENERATION);
	key_u64(ret, v->major);
	key_u64(ret, v->minor);
	key_u64(ret, v->micro);
	key_u64(ret, seccomp_arch_native());
	key_text(ret, profile->default_action);
	key_u64(ret, profile->has_default_errno);
	key_u64(ret, profile->default_errno);
	key_list(ret, &profile->architectures);
	key_u64(ret, profile->n_syscalls);
	for (size_t i = 0; i < profile->n_syscalls; i++)
		key_syscall(ret, &profile->syscalls[i]);
}

static bool file_is_ours(int fd)
{
	struct stat st;

	return fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_uid == geteuid() &&
	       (st.st_mode & 077) == 0 && st.st_size <= (off_t)ENTRY_MAX_BYTES;
}

static bool entry_matches(const char *bytes, size_t len, const struct pf_buf *key)
{
	const struct entry *head = (const struct entry *)(const void *)bytes;
	size_t after_sum = offsetof(struct entry, key_bytes);

	if (len < sizeof(*head) || head->magic != ENTRY_MAGIC || head->key_bytes != key->len)
		return false;
	if (head->n_insns == 0 || head->n_insns > SECCOMP_MAX_INSNS)
		return false;
	if (len != sizeof(*head) + key->len + head->n_insns * sizeof(struct sock_filter))
		return false;
	return !memcmp(bytes + sizeof(*head), key->data, key->len) &&
	       head->checksum == hash(bytes + after_sum, len - after_sum);
}

bool seccomp_cache_load(int cache_fd, const struct pf_buf *key, struct seccomp_program *ret)
{
	struct pf_error ignored = PF_ERROR_INIT;
	auto_free char *bytes = NULL;
	auto_fd fd = -EBADF;
	size_t len = 0, size;
	char name[16];

	slot_name(key, name, sizeof(name));
	fd = openat(cache_fd, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
	if (fd < 0 || !file_is_ours(fd))
		return false;
	if (pf_read_all(fd, ENTRY_MAX_BYTES, &bytes, &len, &ignored) < 0)
		return false;
	if (!entry_matches(bytes, len, key))
		return false;
	size = len - sizeof(struct entry) - key->len;
	ret->code = malloc(size);
	if (!ret->code)
		return false;
	memcpy(ret->code, bytes + sizeof(struct entry) + key->len, size);
	ret->n = size / sizeof(struct sock_filter);
	return true;
}

/* A writer that was killed leaves its name behind; after a minute nobody can still be writing to it. */
static int open_new(int cache_fd, const char *name)
{
	int flags = O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW;
	int fd = openat(cache_fd, name, flags, 0600);
	struct stat st;

	if (fd >= 0 || errno != EEXIST)
		return fd >= 0 ? fd : -errno;
	if (fstatat(cache_fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return -errno;
	if (time(NULL) - st.st_mtime < STALE_SECONDS)
		return -EBUSY;
	if (unlinkat(cache_fd, name, 0) < 0)
		return -errno;
	fd = openat(cache_fd, name, flags, 0600);
	return fd >= 0 ? fd : -errno;
}

int seccomp_cache_store(int cache_fd, const struct pf_buf *key, const struct seccomp_program *p)
{
	struct entry head = { .magic = ENTRY_MAGIC, .key_bytes = (uint32_t)key->len };
	auto_buf bytes = { 0 };
	auto_fd fd = -EBADF;
	char name[16], tmp[24];
	int ret;

	head.n_insns = (uint32_t)p->n;
	pf_buf_add(&bytes, &head, sizeof(head));
	pf_buf_add(&bytes, key->data, key->len);
	pf_buf_add(&bytes, p->code, p->n * sizeof(*p->code));
	if (bytes.failed)
		return -ENOMEM;
	if (bytes.len > ENTRY_MAX_BYTES)
		return -EFBIG;
	head.checksum = hash(bytes.data + offsetof(struct entry, key_bytes),
			     bytes.len - offsetof(struct entry, key_bytes));
	memcpy(bytes.data, &head, sizeof(head));

	slot_name(key, name, sizeof(name));
	snprintf(tmp, sizeof(tmp), "%s.new", name);
	fd = open_new(cache_fd, tmp);
	if (fd < 0)
		return fd;
	ret = pf_write_all(fd, bytes.data, bytes.len);
	if (ret == 0 && renameat(cache_fd, tmp, cache_fd, name) < 0)
		ret = -errno;
	if (ret < 0)
		(void)unlinkat(cache_fd, tmp, 0);
	return ret;
}
