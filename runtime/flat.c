/* SPDX-License-Identifier: Apache-2.0 */
/* Writer of the flat plan and the seal. The reader, in the init, checks everything again. */
#include <config.h>

#include "runtime/flat.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/sys.h"

static uint32_t add_aligned(struct flat *f, const void *data, size_t len)
{
	static const char zeros[8];
	uint32_t off;

	pf_buf_add(&f->bytes, zeros, (8 - f->bytes.len % 8) % 8);
	off = (uint32_t)f->bytes.len;
	pf_buf_add(&f->bytes, data, len);
	if (f->bytes.len > PLAN_MAX_BYTES)
		f->bytes.failed = true;
	return off;
}

void flat_begin(struct flat *f, size_t size)
{
	static const char zeros[64];

	*f = (struct flat){ 0 };
	for (size_t at = 0; at < size; at += sizeof(zeros))
		pf_buf_add(&f->bytes, zeros, size - at < sizeof(zeros) ? size - at : sizeof(zeros));
}

plan_str flat_str(struct flat *f, const char *s)
{
	uint32_t off = (uint32_t)f->bytes.len;

	if (!s)
		return 0;
	pf_buf_add(&f->bytes, s, strlen(s) + 1);
	return off;
}

struct plan_list flat_items(struct flat *f, const void *items, size_t item_size, size_t n)
{
	struct plan_list list = { 0, (uint32_t)n };

	if (n > 0)
		list.off = add_aligned(f, items, item_size * n);
	return list;
}

static struct plan_list strs(struct flat *f, char *const *v, size_t n)
{
	auto_free plan_str *refs = calloc(n ? n : 1, sizeof(*refs));

	if (!refs) {
		f->bytes.failed = true;
		return (struct plan_list){ 0 };
	}
	for (size_t i = 0; i < n; i++)
		refs[i] = flat_str(f, v[i]);
	return flat_items(f, refs, sizeof(*refs), n);
}

struct plan_list flat_strs(struct flat *f, const struct oci_strings *list)
{
	return strs(f, list->v, list->n);
}

struct plan_list flat_argv(struct flat *f, char *const *argv)
{
	size_t n = 0;

	while (argv && argv[n])
		n++;
	return strs(f, argv, n);
}

size_t flat_size(const struct flat *f)
{
	return f->bytes.len;
}

int flat_end(struct flat *f, const void *head, size_t head_size, struct pf_error *e)
{
	if (f->bytes.failed)
		return pf_fail(e, PF_ERR_SYS, f->bytes.len > PLAN_MAX_BYTES ? EFBIG : ENOMEM,
			       "compose the plan");
	memcpy(f->bytes.data, head, head_size);
	return 0;
}

int flat_memfd(const struct flat *f, const char *name, int *ret_fd, struct pf_error *e)
{
	auto_fd fd = sys_memfd_create(name, PF_MFD_CLOEXEC | PF_MFD_ALLOW_SEALING);
	int ret;

	if (fd < 0)
		return pf_fail_sys(e, fd, "memfd_create `%s'", name);
	ret = pf_write_all(fd, f->bytes.data, f->bytes.len);
	if (ret < 0)
		return pf_fail_sys(e, ret, "write `%s'", name);
	if (fcntl(fd, F_ADD_SEALS, F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE) < 0)
		return pf_fail_sys(e, errno, "seal `%s'", name);
	*ret_fd = pf_take_fd(&fd);
	return 0;
}

void flat_free(struct flat *f)
{
	pf_buf_free(&f->bytes);
}
