/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PF_TESTS_UNIT_SCAN_BOX_H
#define PF_TESTS_UNIT_SCAN_BOX_H

#include "runtime/guard/scan.h"
#include "tests/unit/confine_box.h"

/*
 * A small container (confine_box.h) for tests of what is found in its files. Values are put together at run time, so
 * that no file of ours looks like a credential; each that was planted is looked for in the output at the end.
 */

enum { SCAN_BOX_VALUES = 32 };

struct scan_box {
	struct box *b;
	struct catalogue catalogue;
	struct inventory inv;
	struct scan_limits limits;
	struct view view;
	struct pf_error e;
	char values[SCAN_BOX_VALUES][128];
	size_t n_values;
};

/* A prefix and @n bytes of letters and digits that no two values share. */
static inline const char *scan_value(struct scan_box *s, const char *prefix, size_t n)
{
	static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
	char *v = s->values[s->n_values];
	size_t len = strlen(prefix);

	box_must(s->n_values < SCAN_BOX_VALUES && len + n < sizeof(s->values[0]), "values");
	memcpy(v, prefix, len);
	for (size_t i = 0; i < n; i++)
		v[len + i] = alphabet[(i * 7 + s->n_values * 5 + i * i) % 32];
	v[len + n] = '\0';
	s->n_values++;
	return v;
}

static inline const char *scan_github_token(struct scan_box *s)
{
	return scan_value(s,
			  "ghp"
			  "_",
			  36);
}

static inline void scan_box_open(struct scan_box *s)
{
	memset(s, 0, sizeof(*s));
	s->e = (struct pf_error)PF_ERROR_INIT;
	s->limits = scan_limits_audit;
	s->b = box_open();
	s->view.root_fd = -EBADF;
	box_must(catalogue_load(NULL, 0, &s->catalogue, &s->e) == 0, s->e.msg);
}

static inline void scan_box_look(struct scan_box *s)
{
	auto_free char *mountinfo = box_mountinfo(s->b);
	int fd = open(s->b->root, O_PATH | O_DIRECTORY | O_CLOEXEC);

	view_free(&s->view);
	box_must(fd >= 0 && view_of_root(fd, mountinfo, &s->view, &s->e) == 0, "view");
	close(fd);
	s->view.user = (struct view_user){ .reads_all = true };
}

static inline int scan_box_deep(struct scan_box *s)
{
	int ret;

	scan_box_look(s);
	inventory_free(&s->inv);
	s->e = (struct pf_error)PF_ERROR_INIT;
	ret = scan_deep(&s->catalogue, &s->view, &s->limits, &s->inv, &s->e);
	inventory_sort(&s->inv);
	if (ret < 0)
		printf("# %s\n", s->e.msg);
	return ret;
}

static inline const struct finding *scan_box_find(const struct scan_box *s, const char *kind,
						  const char *path)
{
	for (size_t i = 0; i < s->inv.n; i++)
		for (size_t p = 0; p < s->inv.v[i].n_places; p++)
			if (strcmp(s->inv.v[i].kind->id, kind) == 0 &&
			    strcmp(s->inv.v[i].places[p].name, path) == 0)
				return &s->inv.v[i];
	return NULL;
}

static inline const struct place *scan_box_place(const struct finding *f, const char *path)
{
	for (size_t p = 0; f && p < f->n_places; p++)
		if (strcmp(f->places[p].name, path) == 0)
			return &f->places[p];
	return NULL;
}

static inline bool scan_text_has(const char *text, const char *bytes, size_t len)
{
	return memmem(text, strlen(text), bytes, len) != NULL;
}

/* As it is, in hex, in base64 at each of its three alignments (what is whole in them), and with every byte as %XX. */
static inline bool scan_text_leaks(const char *text, const char *value)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	char hex[300], percent[400], base64[200];
	size_t n = strlen(value), len;

	for (size_t i = 0; i < n; i++) {
		snprintf(hex + 2 * i, 3, "%02x", (unsigned char)value[i]);
		snprintf(percent + 3 * i, 4, "%%%02X", (unsigned char)value[i]);
	}
	for (size_t from = 0; from < 3; from++) {
		len = 0;
		for (size_t i = from; i + 3 <= n; i += 3) {
			unsigned int v = (unsigned int)((unsigned char)value[i] << 16 |
							(unsigned char)value[i + 1] << 8 |
							(unsigned char)value[i + 2]);

			for (int shift = 18; shift >= 0; shift -= 6)
				base64[len++] = digits[v >> shift & 63];
		}
		if (scan_text_has(text, base64, len))
			return true;
	}
	/* the second half alone would be too much too */
	return strstr(text, value + n / 2) || strstr(text, hex) || strstr(text, percent);
}

static inline void scan_box_close(struct scan_box *s)
{
	auto_buf b = { 0 };
	bool leaks = false;

	inventory_json(&s->inv, &b);
	for (size_t i = 0; i < s->n_values; i++)
		leaks |= scan_text_leaks(b.data ? b.data : "", s->values[i]) ||
			 scan_text_leaks(s->e.msg, s->values[i]);
	CHECK(!leaks);
	inventory_free(&s->inv);
	view_free(&s->view);
	catalogue_free(&s->catalogue);
	box_close(s->b);
}

#endif
