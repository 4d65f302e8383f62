/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The embedded catalogue. Reading its JSON takes 1.7 ms, more than all else that a create does about credentials, so the
 * build leaves an image of what reading comes to (catalogue_pack.c). The JSON is embedded as well: an operator's files go
 * over it, and a program that was built for another machine has no image.
 */
#include <config.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "config/catalogue_parts.h"

extern const char catalogue_blob[], catalogue_blob_end[];
extern const char catalogue_image[], catalogue_image_end[];

void catalogue_builtin(struct policy_file *ret)
{
	*ret = (struct policy_file){
		.path = "built-in",
		.text = catalogue_blob,
		.len = (size_t)(catalogue_blob_end - catalogue_blob),
	};
}

/* The embedded image, or NULL: there is none for this program. */
static const struct catalogue_image *find_image(void)
{
	size_t len = (size_t)(catalogue_image_end - catalogue_image), want;
	const struct catalogue_image *image = (const void *)catalogue_image;

	if (len < sizeof(*image) || memcmp(image->magic, CATALOGUE_IMAGE_MAGIC, 8) != 0 ||
	    image->layout != catalogue_layout())
		return NULL;
	want = sizeof(*image) + image->n_block + image->n_texts;
	want += ((size_t)image->n_inner + image->n_outer) * sizeof(uint32_t);
	return len == want ? image : NULL;
}

/* To each place in the block that @at lists, what its offset is an offset from is added. */
static void relocate(char *block, const uint32_t *at, size_t n, const char *base)
{
	for (size_t i = 0; i < n; i++) {
		uintptr_t value;

		memcpy(&value, block + at[i], sizeof(value));
		value += (uintptr_t)base;
		memcpy(block + at[i], &value, sizeof(value));
	}
}

static int load_image(const struct catalogue_image *image, struct catalogue *ret,
		      struct pf_error *e)
{
	const char *from = (const char *)(image + 1);
	const uint32_t *inner = (const void *)(from + image->n_block);
	const uint32_t *outer = inner + image->n_inner;
	/* All pages at once: on their first touch, one by one, they would take longer than what is done with them. */
	char *block = mmap(NULL, image->n_block, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);

	if (block == MAP_FAILED)
		return pf_fail_sys(e, ENOMEM, "read the credentials");
	memcpy(block, from, image->n_block);
	relocate(block, inner, image->n_inner, block);
	relocate(block, outer, image->n_outer, (const char *)(outer + image->n_outer));
	memcpy(ret, block, sizeof(*ret));
	ret->block = block;
	ret->n_block = image->n_block;
	return 0;
}

int catalogue_load(const struct policy_file *dropins, size_t n, struct catalogue *ret,
		   struct pf_error *e)
{
	const struct catalogue_image *image = n == 0 ? find_image() : NULL;
	struct policy_file files[CATALOGUE_FILES_MAX + 1];

	memset(ret, 0, sizeof(*ret));
	if (image)
		return load_image(image, ret, e);
	if (n > CATALOGUE_FILES_MAX)
		return pf_fail(e, PF_ERR_POLICY, 0, "credentials: %zu files are more than %d", n,
			       CATALOGUE_FILES_MAX);
	catalogue_builtin(&files[0]);
	if (n > 0)
		memcpy(&files[1], dropins, n * sizeof(*dropins));
	return catalogue_build(files, n + 1, ret, e);
}
