/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The home of a container's user. The image wrote both the environment and the passwd file, so all that is believed
 * is the text: which of it may become a rule is judged in confine_tokens.c.
 */
#include <config.h>

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/io.h"
#include "base/path.h"
#include "runtime/guard/confine_impl.h"

#define PASSWD_MAX_BYTES (1u << 20)

const char *confine_env(const struct oci_config *config, const char *name)
{
	const struct oci_strings *env = &config->process.env;
	size_t len = strlen(name);

	for (size_t i = 0; i < env->n; i++)
		if (strncmp(env->v[i], name, len) == 0 && env->v[i][len] == '=')
			return env->v[i] + len + 1;
	return NULL;
}

/* One field of a passwd line; *line moves behind its colon, NULL when the line has no more. */
static char *next_field(char **line)
{
	char *field = *line, *colon;

	if (!field)
		return NULL;
	colon = strchr(field, ':');
	if (colon)
		*colon = '\0';
	*line = colon ? colon + 1 : NULL;
	return field;
}

static bool is_uid(const char *text, uid_t uid)
{
	unsigned long value;
	char *end;

	if (!text || !*text || strspn(text, "0123456789") != strlen(text))
		return false;
	errno = 0;
	value = strtoul(text, &end, 10);
	return errno == 0 && value == uid;
}

/* name:password:uid:gid:gecos:home:shell, the first line with the uid, as getpwuid(3) would have it. */
static const char *find_home(char *text, size_t len, uid_t uid)
{
	char *end = text + len, *next;

	for (char *line = text; line < end; line = next) {
		char *newline = memchr(line, '\n', (size_t)(end - line)), *fields[6];
		char *rest = line;

		next = newline ? newline + 1 : end;
		if (newline)
			*newline = '\0';
		for (size_t i = 0; i < ARRAY_SIZE(fields); i++)
			fields[i] = next_field(&rest);
		if (fields[5] && fields[0][0] != '\0' && fields[0][0] != '#' &&
		    is_uid(fields[2], uid))
			return fields[5];
	}
	return NULL;
}

/* A file of the image: it may be a fifo, a device or huge. It is looked at before it is opened for reading. */
static int read_passwd(struct confine_run *run, char **ret_text, size_t *ret_len,
		       const char **ret_why, struct pf_error *e)
{
	struct pf_error why = PF_ERROR_INIT;
	struct confine_found found;
	auto_fd fd = -EBADF;
	struct stat st;
	int answer = confine_walk(run, "/etc/passwd", LINKS_NONE, &found, e);

	if (answer < 0)
		return answer;
	*ret_why = "HOME is not set and /etc/passwd is not a regular file";
	if (answer != CONFINE_FOUND || !S_ISREG(found.mode))
		return 0;
	STEP(pf_open_in_root_nofollow(run->in->root_fd, "/etc/passwd",
				      O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC, &fd, e));
	if (fstat(fd, &st) < 0)
		return pf_fail_sys(e, errno, "stat `/etc/passwd' in the container");
	if (!S_ISREG(st.st_mode))
		return 0;
	*ret_why = "HOME is not set and /etc/passwd is larger than 1 MiB";
	if (st.st_size > PASSWD_MAX_BYTES)
		return 0;
	answer = pf_read_all(fd, PASSWD_MAX_BYTES, ret_text, ret_len, &why);
	if (answer < 0 && answer != -EFBIG) {
		*e = why;
		return pf_wrap(e, "`/etc/passwd' in the container");
	}
	return 0;
}

int confine_home(struct confine_run *run, char **ret_home, const char **ret_why, struct pf_error *e)
{
	const char *home = confine_env(run->in->config, "HOME");
	auto_free char *text = NULL;
	size_t len = 0;

	*ret_home = NULL;
	if (!home || !*home) {
		STEP(read_passwd(run, &text, &len, ret_why, e));
		if (!text)
			return 0;
		*ret_why = "HOME is not set and /etc/passwd has no line of the process's uid";
		home = find_home(text, len, run->in->config->process.user.uid);
		if (!home)
			return 0;
	}
	*ret_home = strdup(home);
	return *ret_home ? 0 : pf_fail_sys(e, ENOMEM, "resolve the policy");
}
