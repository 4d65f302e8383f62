/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which paths of a container are not the image's own, or can be written: what is mounted there, and what the entries of
 * `write' stand for. All of it as text, before there is a container: a symlink of the image is the image's word, and the
 * same list holds for every exec.
 */
#include <config.h>

#include <errno.h>
#include <limits.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/path.h"
#include "config/envrules_parts.h"
#include "config/policy_parts.h"

/* Never the image's, mounted or not: /proc/self/cwd is wherever the program is. */
static const char *const fixed[] = { "/proc", "/sys", "/dev" };

static const char *variable(const struct oci_config *config, const char *name)
{
	size_t n = strlen(name);

	for (size_t i = 0; i < config->process.env.n; i++)
		if (strncmp(config->process.env.v[i], name, n) == 0 &&
		    config->process.env.v[i][n] == '=')
			return config->process.env.v[i] + n + 1;
	return NULL;
}

struct making {
	const struct oci_config *config;
	struct json_doc *arena;
	struct oci_strings *places;
	size_t room;
	struct pf_error *e;
};

static int add(struct making *m, const char *path)
{
	char place[PATH_MAX];
	char *copy;

	if (!path || pf_path_normalise(path, place, sizeof(place)) < 0)
		return 0; /* what names nothing cannot be written */
	if (m->places->n == m->room)
		return pf_fail(m->e, PF_ERR_BUG, 0, "env: more places than counted");
	copy = policy_strdup(m->arena, place, strlen(place), m->e);
	if (!copy)
		return -ENOMEM;
	m->places->v[m->places->n++] = copy;
	return 0;
}

/* Of a mount point that text cannot follow nothing is known: then nothing is the image's. */
static int add_mount(struct making *m, const struct oci_mount *mount)
{
	char place[PATH_MAX];

	if (pf_path_normalise(mount->destination, place, sizeof(place)) < 0)
		return add(m, "/");
	return add(m, place);
}

/* As the tokens have it, `/' is no home and no work tree. */
static int add_chosen(struct making *m, const char *path)
{
	char place[PATH_MAX];

	if (!path || pf_path_normalise(path, place, sizeof(place)) < 0 || strcmp(place, "/") == 0)
		return 0;
	return add(m, place);
}

/* Without HOME it comes from the image's passwd, which text does not know: then every usual home is one. */
static int add_home(struct making *m)
{
	const char *home = variable(m->config, "HOME");

	if (home && *home)
		return add_chosen(m, home);
	STEP(add(m, "/root"));
	return add(m, "/home");
}

static int add_tmp(struct making *m)
{
	STEP(add(m, "/tmp"));
	STEP(add(m, "/var/tmp"));
	return add_chosen(m, variable(m->config, "XDG_RUNTIME_DIR"));
}

static int add_entry(struct making *m, const char *entry)
{
	if (strcmp(entry, "@image") == 0)
		return add(m, "/");
	if (strcmp(entry, "@cwd") == 0)
		return add_chosen(m, m->config->process.cwd);
	if (strcmp(entry, "@home") == 0)
		return add_home(m);
	if (strcmp(entry, "@tmp") == 0)
		return add_tmp(m);
	return entry[0] == '@' ? 0 : add(m, entry); /* @mounts and @system are here already */
}

/* Where writing is not confined, the usual places count; the rest of the image is taken to be left as it is. */
static int add_writable(struct making *m, const struct policy_value *write)
{
	static const char *const usual[] = { "@cwd", "@home", "@tmp" };

	for (size_t i = 0; i < ARRAY_SIZE(usual) && !write->present; i++)
		STEP(add_entry(m, usual[i]));
	for (size_t i = 0; i < write->list.n && write->present; i++)
		STEP(add_entry(m, write->list.v[i]));
	return 0;
}

int env_policy_make(const struct policy *policy, const struct oci_config *config,
		    struct json_doc *arena, struct env_policy *ret, struct pf_error *e)
{
	const struct policy_value *env = &policy->keys[POLICY_ENV];
	const struct policy_value *write = &policy->keys[POLICY_WRITE];
	struct env_policy made = { .keep = policy->keys[POLICY_ENV_KEEP].list };
	struct making m = { .config = config, .arena = arena, .places = &made.places, .e = e };
	int mode = env->present ? env_mode_find(env->list.v[0]) : ENV_KEEP;

	if (mode < 0)
		return pf_fail(e, PF_ERR_BUG, 0, "env: unknown mode `%.40s'", env->list.v[0]);
	memset(ret, 0, sizeof(*ret));
	if (mode == ENV_KEEP)
		return 0;
	made.mode = (enum env_mode)mode;
	m.room = ARRAY_SIZE(fixed) + config->n_mounts + 3 * (write->list.n + 3);
	STEP(policy_strings_new(arena, m.room, m.places, e));
	for (size_t i = 0; i < ARRAY_SIZE(fixed); i++)
		STEP(add(&m, fixed[i]));
	for (size_t i = 0; i < config->n_mounts; i++)
		STEP(add_mount(&m, &config->mounts[i]));
	STEP(add_writable(&m, write));
	*ret = made;
	return 0;
}
