/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From keys to Landlock. Only the rights of keys that are in force are handled, so a newer kernel restricts nothing
 * that was not asked for; what this host's ABI lacks refuses, unless `degrade' names it.
 */
#include <config.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/sys.h"
#include "runtime/guard/confine_impl.h"

#define RIGHTS_READ (PF_LL_FS_READ_FILE | PF_LL_FS_READ_DIR)
#define RIGHTS_WRITE                                                                            \
	(PF_LL_FS_WRITE_FILE | PF_LL_FS_TRUNCATE | PF_LL_FS_REMOVE_DIR | PF_LL_FS_REMOVE_FILE | \
	 PF_LL_FS_MAKE_CHAR | PF_LL_FS_MAKE_DIR | PF_LL_FS_MAKE_REG | PF_LL_FS_MAKE_SOCK |      \
	 PF_LL_FS_MAKE_FIFO | PF_LL_FS_MAKE_BLOCK | PF_LL_FS_MAKE_SYM | PF_LL_FS_REFER)
/* What a rule on something that is no directory may hold; the kernel refuses the others. */
#define RIGHTS_OF_FILE                                                                     \
	(PF_LL_FS_EXECUTE | PF_LL_FS_WRITE_FILE | PF_LL_FS_READ_FILE | PF_LL_FS_TRUNCATE | \
	 PF_LL_FS_IOCTL_DEV | PF_LL_FS_RESOLVE_UNIX)

/* What each ABI can handle in all: everything below the first right of the next. */
static uint64_t rights_of_abi(int abi)
{
	static const struct {
		int abi;
		uint64_t first_beyond;
	} limits[] = {
		{ 9, PF_LL_FS_RESOLVE_UNIX << 1 },
		{ 5, PF_LL_FS_RESOLVE_UNIX },
		{ 3, PF_LL_FS_IOCTL_DEV },
		{ 2, PF_LL_FS_TRUNCATE },
		{ 1, PF_LL_FS_REFER },
	};

	for (size_t i = 0; i < ARRAY_SIZE(limits); i++)
		if (abi >= limits[i].abi)
			return limits[i].first_beyond - 1;
	return 0;
}

/* Renaming between directories is denied by every ruleset that does not handle and grant it. Where writing is free
 * the right is therefore handled, and granted at the root: the kernel still sees that no file gains rights by a move. */
static uint64_t granted_at_root(const struct confinement *c)
{
	if (c->abi == 0 || (c->keys & CONFINE_BIT(CONFINE_WRITE)))
		return 0;
	if (c->abi >= 2)
		return PF_LL_FS_REFER;
	return c->keys ? 0
		       : PF_LL_FS_EXECUTE; /* a domain needs one right, if only for what a domain is */
}

static uint64_t wanted_rights(const struct confinement *c)
{
	uint64_t rights = granted_at_root(c);

	if (c->keys & CONFINE_BIT(CONFINE_READ))
		rights |= RIGHTS_READ | PF_LL_FS_EXECUTE | PF_LL_FS_RESOLVE_UNIX;
	if (c->keys & CONFINE_BIT(CONFINE_WRITE))
		rights |= RIGHTS_WRITE | PF_LL_FS_IOCTL_DEV;
	if (c->keys & CONFINE_BIT(CONFINE_EXEC))
		rights |= PF_LL_FS_EXECUTE;
	return rights;
}

bool confine_shares(const struct oci_config *config, enum oci_ns ns)
{
	return !config->linux_.ns[ns].present || config->linux_.ns[ns].path;
}

static uint64_t wanted_scopes(const struct oci_config *config)
{
	uint64_t scopes = 0;

	if (confine_shares(config, OCI_NS_NETWORK))
		scopes |= PF_LL_SCOPE_ABSTRACT_UNIX;
	if (confine_shares(config, OCI_NS_PID))
		scopes |= PF_LL_SCOPE_SIGNAL;
	return scopes;
}

int confine_use_degrade(struct confine_run *run, const char *name, const char *lost,
			struct pf_error *e)
{
	struct confinement *c = run->out;

	if (c->n_degraded == ARRAY_SIZE(c->degraded))
		return pf_fail(e, PF_ERR_BUG, 0, "more degraded protections than there are names");
	c->degraded[c->n_degraded++] = name;
	return confine_note(run, e, "%s: %s", name, lost);
}

static const struct need { /* what a host's ABI may lack */
	const char *name;
	int abi;
	const char *kernel;
	unsigned int keys; /* needed where one of them is in force */
	bool scope;        /* needed where there is something to scope */
	const char *lost;  /* what the container then has not */
} needs[] = {
	{ "landlock.refer", 2, "5.19", ~0u, false,
	  "files cannot be renamed or linked from one directory to another" },
	{ "landlock.truncate", 3, "6.2", CONFINE_BIT(CONFINE_WRITE), false,
	  "truncate(2) outside `write' is stopped only where the mount is read-only" },
	{ "landlock.ioctl", 5, "6.10", CONFINE_BIT(CONFINE_WRITE), false,
	  "ioctl(2) on devices outside `write' is not stopped" },
	{ "landlock.scope", 6, "6.12", 0, true,
	  "abstract sockets and signals of those who share a namespace are not stopped" },
};

static int check_needs(struct confine_run *run, struct pf_error *e)
{
	const struct confinement *c = run->out;
	bool scoped = wanted_scopes(run->in->config);

	for (size_t i = 0; i < ARRAY_SIZE(needs); i++) {
		const struct need *need = &needs[i];

		if (c->abi >= need->abi || !((c->keys & need->keys) || (need->scope && scoped)))
			continue;
		if (!policy_degrades(run->in->policy, need->name))
			return pf_fail(
				e, PF_ERR_HOST, 0,
				"%s: this host has Landlock ABI %d, ABI %d (Linux %s) is needed; "
				"`degrade' may name `%s': %s",
				need->name, c->abi, need->abi, need->kernel, need->name,
				need->lost);
		STEP(confine_use_degrade(run, need->name, need->lost, e));
	}
	return 0;
}

/* Connecting is not reading: before ABI 9 nothing of Landlock sees it, so `read' does not depend on it. */
static int note_unix(struct confine_run *run, struct pf_error *e)
{
	const char *lost =
		"connecting to a unix socket by path is not stopped before Landlock ABI 9; "
		"sockets in covered mounts are out of reach, opened mounts may get some later";

	if (run->out->abi >= 9 || !(run->keys & CONFINE_BIT(CONFINE_READ)))
		return 0;
	if (policy_degrades(run->in->policy, "landlock.unix"))
		return confine_use_degrade(run, "landlock.unix", lost, e);
	return confine_note(run, e, "%s", lost);
}

static int check_landlock(struct confine_run *run, struct pf_error *e)
{
	const struct host *host = run->in->host;
	const char *cure =
		host->landlock_errno == EOPNOTSUPP
			? "Landlock is switched off: add `landlock' to lsm= on the kernel's "
			  "command line"
			: "this kernel has no Landlock: Linux 5.13 with CONFIG_SECURITY_LANDLOCK "
			  "is needed";

	if (host->landlock_abi > 0)
		return 0;
	if (!policy_degrades(run->in->policy, "landlock"))
		return pf_fail(e, PF_ERR_HOST, host->landlock_errno,
			       "%s, or `degrade' may name `landlock'", cure);
	return confine_use_degrade(run, "landlock",
				   "paths are not confined; covers and read-only mounts stand", e);
}

int confine_decide_rights(struct confine_run *run, struct pf_error *e)
{
	struct confinement *c = run->out;

	c->keys = run->keys;
	c->abi = run->in->host->landlock_abi > 0 ? run->in->host->landlock_abi : 0;
	STEP(check_landlock(run, e));
	if (c->abi == 0)
		return 0;
	STEP(check_needs(run, e));
	STEP(note_unix(run, e));
	c->handled_fs = wanted_rights(c) & rights_of_abi(c->abi);
	c->scoped = c->abi >= 6 ? wanted_scopes(run->in->config) : 0;
	return 0;
}

uint64_t confine_access(const struct confinement *c, const struct confine_path *path)
{
	bool exec = c->keys & CONFINE_BIT(CONFINE_EXEC);
	uint64_t readable = RIGHTS_READ | PF_LL_FS_RESOLVE_UNIX | (exec ? 0 : PF_LL_FS_EXECUTE);
	uint64_t access = path->rights;

	switch (path->key) {
	case CONFINE_READ:
		access |= readable;
		break;
	case CONFINE_WRITE:
		access |= readable | RIGHTS_WRITE;
		break;
	case CONFINE_EXEC:
		access |= PF_LL_FS_EXECUTE;
		break;
	case CONFINE_KEY_COUNT_:
		break;
	}
	if (!path->is_dir)
		access &= RIGHTS_OF_FILE;
	return access & c->handled_fs;
}

uint64_t confine_root_access(const struct confinement *c)
{
	return granted_at_root(c) & c->handled_fs;
}
