/* SPDX-License-Identifier: Apache-2.0 */
/* The steps of create before there is a process: reading, deciding, opening, claiming, composing. */
#include <config.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "base/sys.h"
#include "runtime/console.h"
#include "runtime/container.h"
#include "runtime/guard/env_report.h"
#include "runtime/guard/policy_load.h"
#include "runtime/planfile.h"

int create_read_config(struct container *c, struct pf_error *e)
{
	const char *file = c->opt->config_file ? c->opt->config_file : "config.json";
	auto_fd dir = open(c->opt->bundle, O_PATH | O_DIRECTORY | O_CLOEXEC);
	int ret;

	if (dir < 0)
		return pf_fail_sys(e, errno, "open the bundle `%s'", c->opt->bundle);
	if (!realpath(c->opt->bundle, c->bundle))
		return pf_fail_sys(e, errno, "resolve the bundle `%s'", c->opt->bundle);
	ret = pf_read_file_at(dir, file, JSON_MAX_BYTES, &c->config_text, &c->config_len, e);
	if (ret < 0)
		return pf_wrap(e, "bundle `%s'", c->bundle);
	STEP(oci_config_parse(c->config_text, c->config_len, &c->config, e));
	/* They are for exec alone, which reads config.json again. */
	c->config.process.cpu_affinity_initial = c->config.process.cpu_affinity_final = NULL;
	if (!c->config.process.present)
		return pf_fail(e, PF_ERR_CONFIG, 0, "/process: required to create a container");
	if (!c->config.linux_.ns[OCI_NS_MOUNT].present)
		return pf_fail(
			e, PF_ERR_CONFIG, 0,
			"/linux/namespaces: a mount namespace is required: add {\"type\": \"mount\"}");
	return 0;
}

static void warn_caps(uint64_t caps, const char *what, const char *why)
{
	for (int cap = 0; cap < 64; cap++)
		if (caps >> cap & 1)
			pf_log(PF_LOG_WARNING, "%s %s: %s, ignoring", what, oci_cap_name(cap), why);
}

/* Engines that ask for a whole set on a host that lacks some get what there is, as the specification allows. An ambient
 * capability that is not inheritable and permitted too is one that the kernel cannot raise. */
void process_caps(const struct host *host, const struct oci_process *p,
		  uint64_t caps[OCI_CAP_SET_COUNT_])
{
	uint64_t ambient, missing = 0;

	for (int i = 0; i < OCI_CAP_SET_COUNT_; i++) {
		uint64_t asked = p->has_capabilities ? p->caps[i] : 0;

		caps[i] = asked & host->cap_bounding;
		missing |= asked & ~host->cap_bounding;
	}
	ambient = caps[OCI_CAP_AMBIENT];
	caps[OCI_CAP_AMBIENT] &= caps[OCI_CAP_INHERITABLE] & caps[OCI_CAP_PERMITTED];
	warn_caps(missing, "capability", "the caller does not have it");
	warn_caps(ambient & ~caps[OCI_CAP_AMBIENT], "can't raise ambient capability",
		  "it is not both inheritable and permitted");
	for (size_t i = 0; i < p->unknown_caps.n; i++)
		pf_log(PF_LOG_WARNING, "unknown capability %s, ignoring", p->unknown_caps.v[i]);
}

int fds_refuse_sockets(unsigned int preserve, struct pf_error *e)
{
	struct stat st;

	for (unsigned int fd = 3; fd < 3 + preserve; fd++)
		if (fstat((int)fd, &st) == 0 && S_ISSOCK(st.st_mode))
			return pf_fail(
				e, PF_ERR_POLICY, 0,
				"preserved fd %u is a socket, which a confined container must not hold: close it, or let the node policy say \"permit\": [\"preserved-sockets\"]",
				fd);
	return 0;
}

/* Before anything looks at the environment: what the program will not see decides nothing about it either. Of hooks
 * only those run inside. */
static int scrub_environment(struct container *c, struct pf_error *e)
{
	struct oci_config *config = &c->config;
	struct env_policy *env = &c->state.env;

	if (!c->policy.keys[POLICY_ENV].present)
		return 0;
	STEP(env_policy_make(&c->policy, config, c->policy.doc, env, e));
	STEP(env_apply(env, c->policy.doc, NULL, &config->process.env, &c->env_report, e));
	for (size_t i = 0; i < config->start_container.n; i++)
		STEP(env_apply(env, c->policy.doc, "startContainer hook",
			       &config->start_container.v[i].env, &c->env_report, e));
	return env_tell(env, c->policy.doc, &c->env_report, e);
}

/* What the process gets by its environment and arguments; its files are judged when they are mounted. */
static int judge_credentials(struct container *c, struct pf_error *e)
{
	STEP(credentials_begin(&c->credentials, &c->policy, e));
	c->state.credentials = c->credentials.rules;
	STEP(credentials_take_config(&c->credentials, &c->config, c->policy.doc, e));
	return credentials_tell(&c->credentials, c->policy.doc, &c->state.credentials, e);
}

int create_decide_policy(struct container *c, struct pf_error *e)
{
	struct runtime *rt = c->rt;

	process_caps(&rt->host, &c->config.process, c->caps);
	STEP(policy_load(&c->config, rt->policy_option, rt->rootless, &c->policy, e));
	STEP(scrub_environment(c, e));
	STEP(judge_credentials(c, e));
	if (!c->policy.confined)
		return 0;
	STEP(container_decide_egress(c, e));
	c->state.caps_void = confine_void_mask(&c->policy, &c->config);
	STEP(confine_check_config(&c->policy, &c->config, c->caps, &c->state.caps_taken, e));
	c->state.permits_sockets = policy_permits(&c->policy, "preserved-sockets");
	return c->state.permits_sockets ? 0 : fds_refuse_sockets(c->opt->preserve_fds, e);
}

int create_open_sources(struct container *c, struct pf_error *e)
{
	return sources_open(&c->config, c->bundle, &c->rt->host, &c->sources, e);
}

/* Only while the name still means what we claimed: a delete and another create may have come between. */
static void unclaim(void *arg)
{
	struct container *c = arg;
	struct pf_error ignored = PF_ERROR_INIT;
	struct stat ours, there;

	if (fstat(c->state.dir_fd, &ours) == 0 &&
	    fstatat(c->rt->root_fd, c->state.id, &there, AT_SYMLINK_NOFOLLOW) == 0 &&
	    ours.st_ino == there.st_ino && ours.st_dev == there.st_dev)
		(void)state_release(c->rt->root_fd, c->state.id, &ignored);
}

static void describe(struct container *c)
{
	struct state *s = &c->state;
	static char created[PF_UTC_SIZE];
	static char owner[64];

	pf_utc_now(created);
	/* A name would need NSS, which costs more than all else that create does with the state. */
	if (geteuid() == 0)
		snprintf(owner, sizeof(owner), "root");
	else
		snprintf(owner, sizeof(owner), "%u", (unsigned int)geteuid());
	s->bundle = c->bundle;
	s->rootfs = c->sources.root_path;
	s->created = created;
	s->owner = owner;
	s->annotations = c->config.annotations;
	s->rootless = c->rt->rootless;
	if (c->policy.any)
		s->events = c->policy.events_dir ? c->policy.events_dir : "";
	s->confined = c->policy.confined;
	s->has_hooks_start = c->config.poststart.n > 0;
	s->has_hooks_stop = c->config.poststop.n > 0;
	s->new_userns = c->config.linux_.ns[OCI_NS_USER].present;
	for (int ns = 0; ns < OCI_NS_COUNT_; ns++)
		if (c->config.linux_.ns[ns].present)
			s->ns_flags |= oci_namespace_flag((enum oci_ns)ns);
}

int create_claim(struct container *c, struct pf_error *e)
{
	STEP(state_claim(c->rt->root_fd, c->state.id, &c->state.dir_fd, e));
	undo_push(&c->undo, "claim", unclaim, c);
	/* Held until this process ends: a delete that finds no state yet waits for what becomes of us. */
	if (flock(c->state.dir_fd, LOCK_EX) < 0)
		return pf_fail_sys(e, errno, "lock the state directory of `%s'", c->state.id);
	describe(c);
	STEP(cgroup_plan(&c->config, c->state.id, c->rt->cgroup_manager, c->rt->rootless,
			 &c->state.cgroup, e));
	return pf_create_file_at(c->state.dir_fd, "config.json", c->config_text, c->config_len,
				 0600, e);
}

int create_compile_seccomp(struct container *c, struct pf_error *e)
{
	auto_fd cache = -EBADF;

	if (!c->config.linux_.seccomp.present)
		return 0;
	if (mkdirat(c->rt->root_fd, ".seccomp", 0700) == 0 || errno == EEXIST)
		cache = openat(c->rt->root_fd, ".seccomp",
			       O_DIRECTORY | O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	STEP(seccomp_compile(&c->config.linux_.seccomp, cache, &c->seccomp, e));
	c->state.has_seccomp = true;
	c->state.seccomp_flags = c->seccomp.flags;
	return pf_create_file_at(c->state.dir_fd, "seccomp.bpf", c->seccomp.code,
				 c->seccomp.n * sizeof(*c->seccomp.code), 0600, e);
}

/* Where the init will wait in accept(2) for `start'. */
static int listen_for_start(struct container *c, struct pf_error *e)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };

	c->start_fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	if (c->start_fd < 0)
		return pf_fail_sys(e, errno, "socket");
	snprintf(addr.sun_path, sizeof(addr.sun_path), "/proc/self/fd/%d/start.sock",
		 c->state.dir_fd);
	if (bind(c->start_fd, (struct sockaddr *)&addr, sizeof(addr)) < 0 ||
	    listen(c->start_fd, 1) < 0)
		return pf_fail_sys(e, errno, "make the start socket of `%s'", c->state.id);
	return 0;
}

/* A detached container's terminal needs someone to hold its other end. */
static int open_console(struct container *c, struct pf_error *e)
{
	const struct create_options *o = c->opt;

	if (!c->config.process.terminal) {
		if (o->console_socket)
			return pf_fail(
				e, PF_ERR_CONFIG, 0,
				"/process/terminal: cannot use console socket if the container has no terminal");
		return 0;
	}
	if (o->console_socket)
		return console_connect(o->console_socket, &c->console_fd, e);
	if (o->console_fd >= 0) {
		foreground_size(&c->config.process.console_height,
				&c->config.process.console_width);
		c->console_fd = fcntl(o->console_fd, F_DUPFD_CLOEXEC, 3);
		return c->console_fd < 0 ? pf_fail_sys(e, errno, "dup the console") : 0;
	}
	return pf_fail(
		e, PF_ERR_CONFIG, 0,
		"/process/terminal: cannot allocate tty if the container is detached without --console-socket");
}

static int hook_state(struct container *c, int *ret, struct pf_error *e)
{
	*ret = sys_memfd_create("hook-state", PF_MFD_CLOEXEC);
	return *ret < 0 ? pf_fail_sys(e, *ret, "memfd for the state of `%s'", c->state.id) : 0;
}

int create_make_channels(struct container *c, struct pf_error *e)
{
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return pf_fail_sys(e, errno, "socketpair");
	c->sync_fd = pair[0];
	c->init_sync_fd = pair[1];
	STEP(listen_for_start(c, e));
	STEP(open_console(c, e));
	if (c->config.create_container.n)
		STEP(hook_state(c, &c->hook_creating_fd, e));
	if (c->config.start_container.n)
		STEP(hook_state(c, &c->hook_created_fd, e));
	return 0;
}

static int fail_rlimit(const struct oci_rlimit *asked, size_t i, struct pf_error *e)
{
	int err = errno;
	struct rlimit ours = { 0, 0 };

	(void)getrlimit((__rlimit_resource_t)asked->resource, &ours);
	if (err != EPERM)
		return pf_fail_sys(
			e, err, "/process/rlimits/%zu: error setting rlimit type %d (%s to %llu)",
			i, asked->resource, asked->name, (unsigned long long)asked->hard);
	return pf_fail_sys(
		e, err,
		"/process/rlimits/%zu: error setting rlimit type %d: %s is to be %llu, above the caller's hard limit of %llu, which only CAP_SYS_RESOURCE may raise (RLIMIT_NOFILE up to fs.nr_open): ask for less (--ulimit, default_ulimits), or raise the limit of the service that starts the engine (LimitNOFILE= and the like)",
		i, asked->resource, asked->name, (unsigned long long)asked->hard,
		(unsigned long long)ours.rlim_max);
}

int raise_hard_limits(const struct oci_process *p, struct pf_error *e)
{
	for (size_t i = 0; i < p->n_rlimits; i++) {
		__rlimit_resource_t what = (__rlimit_resource_t)p->rlimits[i].resource;
		struct rlimit now;

		if (getrlimit(what, &now) < 0)
			return pf_fail_sys(e, errno, "read %s", p->rlimits[i].name);
		if (now.rlim_max >= p->rlimits[i].hard)
			continue;
		now.rlim_max = p->rlimits[i].hard;
		if (setrlimit(what, &now) < 0)
			return fail_rlimit(&p->rlimits[i], i, e);
	}
	return 0;
}

/* setgroups is gone for good in a user namespace whose map an unprivileged user wrote. */
static bool must_deny_setgroups(const struct container *c)
{
	const struct oci_namespace *user = &c->config.linux_.ns[OCI_NS_USER];

	if (c->rt->host.no_setgroups)
		return true;
	return user->present && !user->path && c->rt->host.euid != 0 &&
	       c->config.linux_.gid_maps.n == 1 && c->config.linux_.gid_maps.v[0].size == 1;
}

int create_write_plan(struct container *c, struct pf_error *e)
{
	const char *keep = oci_annotation(&c->config.annotations, "run.oci.keep_original_groups");
	struct plan_input in = {
		.config = &c->config,
		.sources = &c->sources,
		.host = &c->rt->host,
		.cgroup = &c->state.cgroup,
		.seccomp = &c->seccomp,
		.id = c->state.id,
		.fds = { .sync = c->init_sync_fd,
			 .start = c->start_fd,
			 .console = c->console_fd,
			 .seal = -1,
			 .hook_creating = c->hook_creating_fd,
			 .hook_created = c->hook_created_fd },
		.caps = c->caps,
		.preserve_fds = c->opt->preserve_fds,
		.listen_fds = c->opt->listen_fds,
		.confined = c->policy.confined,
		.shows_tree = credentials_looks(&c->credentials),
		.tells_netns = c->egress.wanted,
		.no_pivot = c->opt->no_pivot,
		.no_new_keyring = c->opt->no_new_keyring,
		.detached = c->opt->detach || c->opt->console_socket,
		.keep_groups = keep && strcmp(keep, "1") == 0,
	};

	c->state.no_setgroups = in.no_setgroups = must_deny_setgroups(c);
	if (in.no_setgroups && c->config.process.user.n_additional_gids)
		return pf_fail(
			e, PF_ERR_CONFIG, 0,
			"/process/user/additionalGids: not possible in a rootless container without newgidmap");
	env_report_log(&c->env_report, "create", NULL);
	STEP(raise_hard_limits(&c->config.process, e));
	STEP(plan_write(&in, &c->plan, e));
	return flat_memfd(&c->plan, "pinfold-plan", &c->plan_fd, e);
}

void container_release(struct container *c)
{
	int *fds[] = { &c->sync_fd, &c->init_sync_fd, &c->start_fd,         &c->console_fd,
		       &c->plan_fd, &c->cgroup2_fd,   &c->hook_creating_fd, &c->hook_created_fd,
		       &c->pidfd,   &c->state.dir_fd };

	for (size_t i = 0; i < ARRAY_SIZE(fds); i++)
		pf_close_ptr(fds[i]);
	sources_close(&c->sources);
	seccomp_program_free(&c->seccomp);
	confinement_free(&c->confinement);
	credentials_free(&c->credentials);
	egress_release(&c->egress);
	flat_free(&c->plan);
	flat_free(&c->seal);
	policy_free(&c->policy);
	oci_config_free(&c->config);
	free(c->config_text);
}
