/* SPDX-License-Identifier: Apache-2.0 */
/* The steps of create with a process: spawn it, and meet it at every step of the hand-shake (runtime/init/sync.h). */
#include <config.h>

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "base/path.h"
#include "base/sys.h"
#include "runtime/console.h"
#include "runtime/container.h"
#include "runtime/guard/events_tell.h"
#include "runtime/hooks.h"
#include "runtime/init/sync.h"
#include "runtime/planfile.h"
#include "runtime/spawn.h"

static void undo_spawn(void *arg)
{
	struct container *c = arg;

	if (c->pidfd >= 0)
		(void)sys_pidfd_send_signal(c->pidfd, SIGKILL);
	else if (c->pid > 0) /* no pidfd could be had; it is our child, and not waited for yet */
		(void)kill(c->pid, SIGKILL);
	if (c->stage_pid > 0) {
		(void)kill(c->stage_pid, SIGKILL);
		(void)waitpid(c->stage_pid, NULL, 0);
	}
	if (c->pid > 0 && c->pid != c->stage_pid)
		(void)waitpid(c->pid, NULL, 0);
}

static void undo_cgroup(void *arg)
{
	struct container *c = arg;
	struct pf_error e = PF_ERROR_INIT;

	if (cgroup_destroy(&c->state.cgroup, &e) < 0)
		pf_log(PF_LOG_WARNING, "%s, continuing", e.msg);
}

/* The cgroup2 group must stand before the clone, which can place the init in it for free; v1 groups are made while the
 * init already mounts. */
static int make_groups(struct container *c, bool v2, struct pf_error *e)
{
	struct cgroup *all = &c->state.cgroup;
	auto_free struct cgroup *part = malloc(sizeof(*part));
	size_t index[CGROUP_MAX_HIERARCHIES];

	if (!part)
		return pf_fail_sys(e, ENOMEM, "make cgroups");
	*part = *all;
	part->n = 0;
	for (size_t i = 0; i < all->n; i++)
		if (all->h[i].v2 == v2) {
			index[part->n] = i;
			part->h[part->n++] = all->h[i];
		}
	if (part->n == 0)
		return 0;
	STEP(cgroup_create(part, e));
	for (size_t i = 0; i < part->n; i++)
		all->h[index[i]] = part->h[i];
	return 0;
}

/* The fds that the plan names, and no other. */
static size_t inherited(const struct container *c, int *fds, size_t room)
{
	const int own[] = { c->init_sync_fd,     c->start_fd,        c->console_fd,
			    c->hook_creating_fd, c->hook_created_fd, c->sources.root_fd,
			    c->sources.proc_fd };
	size_t n = 0;

	for (size_t i = 0; i < ARRAY_SIZE(own); i++)
		fds[n++] = own[i];
	for (int ns = 0; ns < OCI_NS_COUNT_; ns++)
		fds[n++] = c->sources.ns_fds[ns];
	for (size_t i = 0; i < c->sources.n_mounts && n < room; i++)
		fds[n++] = c->sources.mounts[i].fd;
	return n;
}

/* One clone, or two stages: then the first tells the second's pid, and ends. */
static int await_stage(struct container *c, struct pf_error *e)
{
	int64_t pid;

	c->pid = c->stage_pid;
	if (!plan_two_stage(&c->config))
		return 0;
	STEP(sync_expect(c->sync_fd, SYNC_STAGED, &pid, NULL, e));
	pf_close_ptr(&c->pidfd);
	c->pid = (pid_t)pid;
	c->pidfd = sys_pidfd_open(c->pid);
	if (c->pidfd < 0)
		return pf_fail_sys(e, c->pidfd, "pidfd of the init");
	(void)waitpid(c->stage_pid, NULL, 0);
	c->stage_pid = 0;
	return 0;
}

int create_spawn(struct container *c, struct pf_error *e)
{
	size_t room = c->config.n_mounts + 32;
	auto_free int *fds = malloc(room * sizeof(*fds));
	struct spawn s = { .cgroup_fd = -EBADF, .plan_fd = c->plan_fd, .fds = fds };
	char oom[16];
	int ret;

	if (!fds)
		return pf_fail_sys(e, ENOMEM, "spawn the init");
	s.n_fds = inherited(c, fds, room);
	s.flags = plan_two_stage(&c->config) ? 0 : plan_new_flags(&c->config);
	if (c->config.process.has_oom_score_adj) {
		snprintf(oom, sizeof(oom), "%d", c->config.process.oom_score_adj);
		s.oom_score_adj = oom;
	}
	undo_push(&c->undo, "cgroup", undo_cgroup, c);
	if (c->rt->cgroup_manager == CGROUP_MANAGER_CGROUPFS) {
		STEP(make_groups(c, true, e));
		ret = cgroup_open_v2(&c->state.cgroup, &c->cgroup2_fd, e);
		if (ret < 0 && ret != -ENOENT)
			return ret;
		s.cgroup_fd = c->cgroup2_fd;
	}
	STEP(spawn_init(&s, &c->stage_pid, &c->pidfd, e));
	undo_push(&c->undo, "spawn", undo_spawn, c);
	/* From here on the init alone holds these: its death must read as EOF. */
	pf_close_ptr(&c->init_sync_fd);
	pf_close_ptr(&c->console_fd);
	pf_close_ptr(&c->start_fd);
	return await_stage(c, e);
}

int create_map_ids(struct container *c, struct pf_error *e)
{
	const struct oci_linux *l = &c->config.linux_;

	if (!l->ns[OCI_NS_USER].present || l->ns[OCI_NS_USER].path)
		return 0;
	STEP(idmap_write(c->pid, &l->uid_maps, &l->gid_maps, c->state.no_setgroups, e));
	return sync_send(c->sync_fd, SYNC_IDMAP, 0, -1) < 0
		       ? pf_fail(e, PF_ERR_SYS, 0, "the init is gone")
		       : 0;
}

/* An init that failed has said why before it closed its end; that says more than our failed send. */
static int tell(struct container *c, enum sync_step step, int fd, struct pf_error *e)
{
	int ret = sync_send(c->sync_fd, step, 0, fd);

	if (ret == 0)
		return 0;
	if (sync_expect(c->sync_fd, SYNC_READY, NULL, NULL, e) < 0)
		return -EPIPE;
	return pf_fail_sys(e, ret, "tell the init `%s'", sync_step_name(step));
}

static int give_joins(struct container *c, struct pf_error *e)
{
	int fds[SYNC_MAX_FDS], ret;
	size_t n = 0;

	if (c->rt->cgroup_manager == CGROUP_MANAGER_CGROUPFS)
		STEP(cgroup_open_joins(&c->state.cgroup, c->cgroup2_fd >= 0, fds, &n, e));
	ret = sync_send_fds(c->sync_fd, SYNC_CGROUP, fds, n);
	while (n > 0)
		pf_close(fds[--n]);
	if (ret < 0)
		return tell(c, SYNC_CGROUP, -1, e);
	return 0;
}

int create_cgroup(struct container *c, struct pf_error *e)
{
	struct cgroup *cg = &c->state.cgroup;

	switch (c->rt->cgroup_manager) {
	case CGROUP_MANAGER_CGROUPFS:
		STEP(make_groups(c, false, e));
		break;
	case CGROUP_MANAGER_SYSTEMD:
		STEP(cgroup_start_scope(cg, &c->config, c->pid, e));
		break;
	case CGROUP_MANAGER_DISABLED:
		return give_joins(c, e);
	}
	if (c->config.linux_.resources.present || cg->n > 0)
		STEP(cgroup_apply(cg, &c->config, &c->config.linux_.resources, e));
	return give_joins(c, e);
}

static int write_hook_state(struct container *c, int fd, enum status status, struct pf_error *e)
{
	auto_buf json = { 0 };
	int ret;

	if (fd < 0)
		return 0;
	state_oci_json(&c->state, status, false, &json);
	ret = json.failed ? -ENOMEM : pf_write_all(fd, json.data, json.len);
	return ret < 0 ? pf_fail_sys(e, ret, "write the state for hooks") : 0;
}

int create_run_hooks(struct container *c, struct pf_error *e)
{
	auto_buf json = { 0 };

	c->state.pid = c->pid;
	STEP(write_hook_state(c, c->hook_creating_fd, STATUS_CREATING, e));
	STEP(write_hook_state(c, c->hook_created_fd, STATUS_CREATED, e));
	STEP(sync_expect(c->sync_fd, SYNC_MOUNTED, NULL, NULL, e));
	if (c->config.prestart.n || c->config.create_runtime.n) {
		state_oci_json(&c->state, STATUS_CREATING, false, &json);
		if (json.failed)
			return pf_fail_sys(e, ENOMEM, "compose the state for hooks");
		STEP(hooks_run(&c->config.prestart, "prestart", json.data, e));
		STEP(hooks_run(&c->config.create_runtime, "createRuntime", json.data, e));
	}
	return tell(c, SYNC_HOOKS, -1, e);
}

/* What is mounted in the container: hooks leave mounts that config.json does not know. 4 MiB are some 30,000 lines. */
static int read_mountinfo(const struct container *c, char **ret, struct pf_error *e)
{
	auto_fd fd = -EBADF;
	char name[32];
	size_t len;

	snprintf(name, sizeof(name), "%d/mountinfo", (int)c->pid);
	STEP(pf_open_beneath(c->sources.proc_fd, name, O_RDONLY, &fd, e));
	if (pf_read_all(fd, 4 << 20, ret, &len, e) < 0)
		return pf_wrap(e, "the mounts of the container");
	return 0;
}

/* Nothing is changed in it: its credentials are reported, or refuse it. */
static int look_at_tree(struct container *c, int root, const char *mountinfo, struct pf_error *e)
{
	const struct credentials_tree tree = { .config = &c->config,
					       .root_fd = root,
					       .mountinfo = mountinfo };

	STEP(credentials_look(&c->credentials, &tree, e));
	return tell(c, SYNC_SEAL, -1, e);
}

/* Part 2 of the plan: judged on the final mount tree, sent as a sealed memfd, kept for every later exec. */
int create_confine(struct container *c, struct pf_error *e)
{
	auto_fd root = -EBADF, memfd = -EBADF;
	auto_free char *mountinfo = NULL;
	struct confine_input in = { .policy = &c->policy,
				    .config = &c->config,
				    .host = &c->rt->host };
	int64_t netns_cookie;

	if (!c->policy.confined && !credentials_looks(&c->credentials))
		return 0;
	STEP(sync_expect(c->sync_fd, SYNC_TREE, &netns_cookie, &root, e));
	STEP(container_judge_egress(c, (uint64_t)netns_cookie, e));
	STEP(read_mountinfo(c, &mountinfo, e));
	if (!c->policy.confined)
		return look_at_tree(c, root, mountinfo, e);
	in.root_fd = root;
	in.mountinfo = mountinfo;
	in.credentials = &c->credentials;
	in.no_network = c->egress_missing;
	container_unreachable(c, in.unreachable);
	STEP(confine_resolve(&in, &c->confinement, e));
	STEP(confine_write_seal(&c->confinement, &c->seal, e));
	STEP(flat_memfd(&c->seal, "pinfold-seal", &memfd, e));
	STEP(pf_create_file_at(c->state.dir_fd, "seal.plan", c->seal.bytes.data, c->seal.bytes.len,
			       0600, e));
	return tell(c, SYNC_SEAL, memfd, e);
}

int create_await_ready(struct container *c, struct pf_error *e)
{
	return sync_expect(c->sync_fd, SYNC_READY, &c->probes, NULL, e);
}

static int write_posture(struct container *c, struct pf_error *e)
{
	auto_buf posture = { 0 }, text = { 0 }, json = { 0 };

	if (!c->policy.any)
		return 0;
	c->confinement.caps_taken = c->state.caps_taken;
	c->confinement.env = &c->env_report; /* resolving began with an empty one */
	c->confinement.credentials = &c->credentials;
	confine_posture(&c->policy, &c->confinement, c->probes, &posture);
	confine_explain(&c->policy, &c->confinement, false, &text);
	confine_explain(&c->policy, &c->confinement, true, &json);
	if (posture.failed || text.failed || json.failed)
		return pf_fail_sys(e, ENOMEM, "compose the posture of `%s'", c->state.id);
	STEP(pf_create_file_at(c->state.dir_fd, "posture.json", posture.data, posture.len, 0600,
			       e));
	STEP(pf_create_file_at(c->state.dir_fd, "explain.txt", text.data, text.len, 0600, e));
	return pf_create_file_at(c->state.dir_fd, "explain.json", json.data, json.len, 0600, e);
}

static int write_inventory(struct container *c, struct pf_error *e)
{
	auto_buf json = { 0 };

	if (!credentials_looks(&c->credentials))
		return 0;
	credentials_log(&c->credentials, "create");
	inventory_json(&c->credentials.inv, &json);
	if (json.failed)
		return pf_fail_sys(e, ENOMEM, "compose the inventory of `%s'", c->state.id);
	return pf_create_file_at(c->state.dir_fd, "inventory.json", json.data, json.len, 0600, e);
}

int pid_file_write(const char *path, pid_t pid, struct pf_error *e)
{
	char text[16];
	char tmp[4096];
	auto_fd fd = -EBADF;
	int n, ret;

	if (!path)
		return 0;
	/* Engines read the file as soon as it is there: it appears whole. */
	n = snprintf(tmp, sizeof(tmp), "%s.%d", path, (int)getpid());
	if (n < 0 || (size_t)n >= sizeof(tmp))
		return pf_fail_sys(e, ENAMETOOLONG, "write the pid file `%s'", path);
	n = snprintf(text, sizeof(text), "%d", (int)pid);
	fd = open(tmp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0644);
	if (fd < 0)
		return pf_fail_sys(e, errno, "write the pid file `%s'", path);
	ret = pf_write_all(fd, text, (size_t)n);
	if (ret == 0 && rename(tmp, path) < 0)
		ret = -errno;
	if (ret < 0) {
		(void)unlink(tmp);
		return pf_fail_sys(e, ret, "write the pid file `%s'", path);
	}
	return 0;
}

static void undo_events(void *arg)
{
	struct container *c = arg;

	events_tell_exit(&c->state, -1, "its create failed");
}

/* The last thing before the answer, so that what is told is what is so. */
static int record_events(struct container *c, struct pf_error *e)
{
	const struct events_created created = { .policy = &c->policy,
						.confinement = &c->confinement,
						.env = &c->env_report,
						.probes = c->probes };

	STEP(events_tell_create(&c->state, &created, e));
	undo_push(&c->undo, "events", undo_events, c);
	return 0;
}

static void undo_pid_file(void *arg)
{
	struct container *c = arg;

	if (c->opt->pid_file)
		(void)unlink(c->opt->pid_file);
}

int create_record(struct container *c, struct pf_error *e)
{
	c->state.start_time = process_start_time(c->pid);
	if (c->state.start_time == 0)
		return pf_fail(e, PF_ERR_SYS, ESRCH, "the init of `%s' is gone", c->state.id);
	STEP(write_posture(c, e));
	STEP(write_inventory(c, e));
	STEP(state_write(&c->state, e));
	STEP(console_send_pidfd(c->opt->pidfd_socket, c->pidfd, e));
	STEP(pid_file_write(c->opt->pid_file, c->pid, e));
	undo_push(&c->undo, "pid file", undo_pid_file, c);
	STEP(record_events(c, e));
	return tell(c, SYNC_RECORDED, -1, e);
}
