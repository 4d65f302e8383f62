/* SPDX-License-Identifier: Apache-2.0 */
/*
 * HOME for a program whose environment has none, from the container's own /etc/passwd, as shells and engines expect.
 *
 * The file is the image's: it may be a fifo, a device or huge, and its lines may be anything. It is read through a small
 * window, up to a bound, and decides nothing but this one text.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "runtime/init/steps.h"

#define PREFIX           "HOME="
#define PREFIX_LEN       (sizeof(PREFIX) - 1)
#define PASSWD_MAX_BYTES (1u << 20)

enum { FIELD_NAME, FIELD_UID = 2, FIELD_HOME = 5 };

static char entry[PREFIX_LEN + PATH_MAX]; /* zero at first: it takes no room in the file */

struct line {
	unsigned int field;
	bool bad;     /* a comment, or no number where the uid is */
	bool has_uid; /* at least one digit */
	uint64_t uid;
	size_t name_len, home_len;
};

static void take_byte(struct line *l, char byte)
{
	if (byte == ':') {
		l->field++;
		return;
	}
	switch (l->field) {
	case FIELD_NAME:
		l->bad |= l->name_len++ == 0 && byte == '#';
		break;
	case FIELD_UID:
		l->bad |= byte < '0' || byte > '9' || l->uid > UINT32_MAX;
		l->uid = l->uid * 10 + (uint64_t)(byte - '0');
		l->has_uid = true;
		break;
	case FIELD_HOME:
		if (l->home_len == PATH_MAX - 1)
			l->bad = true;
		else
			entry[PREFIX_LEN + l->home_len++] = byte;
		break;
	default:
		break;
	}
}

static bool ends_search(const struct line *l, uint32_t uid)
{
	return !l->bad && l->name_len > 0 && l->has_uid && l->uid == uid && l->home_len > 0;
}

/* True with the home in @entry. */
static bool search(int fd, uint32_t uid)
{
	struct line l = { 0 };
	char window[1024];
	size_t seen = 0;
	ssize_t n;

	while (seen < PASSWD_MAX_BYTES && (n = read(fd, window, sizeof(window))) > 0) {
		seen += (size_t)n;
		for (ssize_t i = 0; i < n; i++) {
			if (window[i] != '\n' && window[i] != '\0') {
				take_byte(&l, window[i]);
				continue;
			}
			if (ends_search(&l, uid)) {
				entry[PREFIX_LEN + l.home_len] = '\0';
				return true;
			}
			l = (struct line){ 0 };
		}
	}
	if (!ends_search(&l, uid))
		return false;
	entry[PREFIX_LEN + l.home_len] = '\0';
	return true;
}

static bool is_set(const struct plan *plan)
{
	const plan_str *env = plan_items(plan, plan->process.env);

	for (uint32_t i = 0; i < plan->process.env.n; i++) {
		const char *s = plan_text(plan, env[i]);

		if (strncmp(s, PREFIX, PREFIX_LEN) == 0 && s[PREFIX_LEN])
			return true;
	}
	return false;
}

/*
 * Should:	run while the root can still be read: Landlock may take /etc/passwd from the program.
 * Mustn't:	fail the container: what cannot be read is a home of "/".
 */
int child_find_home(struct init *c, struct pf_error *e)
{
	auto_fd fd = -EBADF;
	struct stat st;

	(void)e;
	if (is_set(c->plan))
		return 0;
	memcpy(entry, PREFIX, PREFIX_LEN);
	c->home = entry;
	/* O_PATH first: opening a device can have effects. */
	fd = root_open(c, "/etc/passwd", O_PATH | O_CLOEXEC);
	if (fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode)) {
		pf_close_ptr(&fd);
		fd = root_open(c, "/etc/passwd", O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
		if (fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode) &&
		    search(fd, c->plan->process.uid))
			return 0;
	}
	memcpy(entry + PREFIX_LEN, "/", 2);
	return 0;
}

char **program_env(const struct init *c)
{
	struct plan_list list = c->plan->process.env;
	const plan_str *s = plan_items(c->plan, list);
	char **v = malloc((list.n + 2) * sizeof(*v));
	size_t n = 0;

	if (!v)
		return NULL;
	for (uint32_t i = 0; i < list.n; i++) {
		const char *text = plan_text(c->plan, s[i]);

		/* an empty one is no home, and would hide ours from getenv(3) */
		if (!c->home || strncmp(text, PREFIX, PREFIX_LEN) != 0)
			v[n++] = (char *)(uintptr_t)text;
	}
	if (c->home)
		v[n++] = (char *)(uintptr_t)c->home;
	v[n] = NULL;
	return v;
}
