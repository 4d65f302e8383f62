/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The cgroup manager on real groups, as root: cgroup_live.sh runs this in views of the host with v1 only, v2 only and
 * both, and below a systemd of its own. Groups are made below "/pinfold-unit-PID" and are gone at the end.
 */
#include <config.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

#include "runtime/cgroup_internal.h"
#include "tests/unit/tap.h"

static struct cgroup cg, other;
static struct oci_config config;
static struct pf_error e;
static char place[64];

static bool wait_dead(pid_t pid)
{
	struct cgroup_wait w;

	cgroup_wait_start(&w, 5000);
	do {
		if (waitpid(pid, NULL, WNOHANG) == pid)
			return true;
	} while (cgroup_wait_next(&w));
	return false;
}

static pid_t start_sleeper(int children)
{
	int fds[CGROUP_MAX_HIERARCHIES];
	size_t n = 0;
	pid_t pid;

	if (cgroup_open_joins(&cg, false, fds, &n, &e) < 0)
		return -1;
	pid = fork();
	if (pid == 0) {
		signal(SIGTERM, SIG_IGN);
		for (size_t i = 0; i < n; i++)
			if (write(fds[i], "0", 1) != 1)
				_exit(1);
		for (int i = 0; i < children; i++)
			if (fork() == 0)
				for (;;)
					pause();
		for (;;)
			pause();
	}
	while (n > 0)
		close(fds[--n]);
	return pid;
}

static bool wait_pids(size_t want)
{
	struct cgroup_wait w;
	pid_t *pids = NULL;
	size_t n = 0;

	cgroup_wait_start(&w, 5000);
	do {
		n = 0;
		if (cgroup_pids(&cg, &pids, &n, &e) == 0)
			free(pids);
		if (n == want)
			return true;
	} while (cgroup_wait_next(&w));
	return false;
}

static void plan_and_create(void)
{
	snprintf(place, sizeof(place), "/pinfold-unit-%d/a/c1", (int)getpid());
	config.oci_version = OCI_VERSION;
	config.linux_.cgroups_path = place;
	CHECK_INT(cgroup_plan(&config, "c1", CGROUP_MANAGER_CGROUPFS, false, &cg, &e), ==, 0);
	CHECK_INT(cg.n, >, 0);
	CHECK_INT(cgroup_create(&cg, &e), ==, 0);
}

static bool exists(const struct cgroup_hierarchy *h, const char *path)
{
	char full[700];

	snprintf(full, sizeof(full), "%s%s", h->mount, path);
	return access(full, F_OK) == 0;
}

static void destroy_leaves_nothing(void)
{
	char top[64];

	snprintf(top, sizeof(top), "/pinfold-unit-%d", (int)getpid());
	CHECK_INT(cgroup_destroy(&cg, &e), ==, 0);
	for (size_t i = 0; i < cg.n; i++)
		CHECK(!exists(&cg.h[i], top)); /* the parents were ours too */
	CHECK_INT(cgroup_destroy(&cg, &e), ==, 0);
}

static void a_container_lives_in_its_groups(void)
{
	bool frozen = false;
	pid_t pid;

	plan_and_create();
	CHECK_INT(cgroup_apply(&cg, &config, &config.linux_.resources, &e), ==, 0);
	pid = start_sleeper(3);
	CHECK(wait_pids(4));
	CHECK_INT(cgroup_freeze(&cg, true, &e), ==, 0);
	CHECK_INT(cgroup_is_frozen(&cg, &frozen, &e), ==, 0);
	CHECK(frozen);
	CHECK_INT(cgroup_freeze(&cg, false, &e), ==, 0);
	CHECK_INT(cgroup_is_frozen(&cg, &frozen, &e), ==, 0);
	CHECK(!frozen);
	CHECK_INT(cgroup_freeze(&cg, true, &e), ==, 0);
	CHECK_INT(cgroup_kill(&cg, SIGKILL, &e), ==, 0); /* also the frozen */
	CHECK(wait_dead(pid));
	CHECK(wait_pids(0));
	destroy_leaves_nothing();
}

static void a_group_that_others_use_is_refused_and_spared(void)
{
	pid_t pid;

	plan_and_create();
	pid = start_sleeper(0);
	CHECK(wait_pids(1));
	CHECK_INT(cgroup_plan(&config, "c1", CGROUP_MANAGER_CGROUPFS, false, &other, &e), ==, 0);
	CHECK_INT(cgroup_create(&other, &e), ==, -EBUSY);
	CHECK_HAS(e.msg, "not empty");
	CHECK_INT(cgroup_destroy(&other, &e), ==, 0); /* an undo of what was not done */
	CHECK(kill(pid, 0) == 0 && wait_pids(1));
	kill(pid, SIGKILL);
	CHECK(wait_dead(pid));
	CHECK_INT(cgroup_freeze(&cg, true, &e), ==, 0);
	CHECK_INT(cgroup_create(&other, &e), ==, -EBUSY);
	CHECK_HAS(e.msg, "frozen");
	CHECK_INT(cgroup_freeze(&cg, false, &e), ==, 0);
	CHECK_INT(cgroup_create(&other, &e), ==, 0); /* there, but empty: it is taken over */
	destroy_leaves_nothing();
}

static void destroy_takes_sub_groups_and_stragglers(void)
{
	pid_t pid;
	char path[700];

	plan_and_create();
	for (size_t i = 0; i < cg.n; i++) {
		snprintf(path, sizeof(path), "%s%s/x", cg.h[i].mount, cg.h[i].path);
		CHECK_INT(mkdir(path, 0755), ==, 0);
		snprintf(path, sizeof(path), "%s%s/x/y", cg.h[i].mount, cg.h[i].path);
		CHECK_INT(mkdir(path, 0755), ==, 0);
	}
	pid = start_sleeper(2);
	CHECK(wait_pids(3));
	destroy_leaves_nothing();
	CHECK(wait_dead(pid));
}

static void follow_stays(void)
{
	pid_t pid = start_sleeper(0);

	CHECK(wait_pids(1));
	CHECK_INT(cgroup_follow(&cg, pid, &other, &e), ==, 0);
	CHECK_INT(other.n, ==, cg.n);
	for (size_t i = 0; i < cg.n; i++)
		CHECK_STR(other.h[i].path, cg.h[i].path);
	destroy_leaves_nothing();
	CHECK(wait_dead(pid));
}

static void an_exec_follows_an_init_that_moved(void)
{
	const struct cgroup_hierarchy *h;
	struct cgroup_hierarchy leaf;
	char text[32], list[512] = "";
	pid_t pid;
	int dir = -1;

	plan_and_create();
	h = cgroup_find_v2(&cg);
	if (!h || cgroup_dir_open(h, &dir, &e) < 0 ||
	    (cgroup_dir_enable(h, "hugetlb"),
	     cgroup_read_file(dir, "cgroup.controllers", list, sizeof(list))) <= 0) {
		follow_stays(); /* no group here hands controllers on, so nothing moves its processes */
		return;
	}
	pid = start_sleeper(0);
	CHECK(wait_pids(1));
	CHECK_INT(cgroup_follow(&cg, pid, &other, &e), ==, 0);
	CHECK_STR(cgroup_find_v2(&other)->path, h->path);
	CHECK_INT(mkdirat(dir, "leaf", 0755), ==, 0);
	snprintf(text, sizeof(text), "%d", (int)pid);
	CHECK_INT(pf_write_file_at(dir, "leaf/cgroup.procs", text), ==, 0);
	snprintf(text, sizeof(text), "+%.*s", (int)strcspn(list, " "), list);
	CHECK_INT(pf_write_file_at(dir, "cgroup.subtree_control", text), ==, 0);
	CHECK_INT(cgroup_follow(&cg, pid, &other, &e), ==, 0);
	leaf = *cgroup_find_v2(&other);
	CHECK_HAS(leaf.path, "/a/c1/leaf");
	CHECK_INT(cgroup_attach(&other, pid, &e), ==, 0);
	close(dir);
	destroy_leaves_nothing();
	CHECK(wait_dead(pid));
}

/* Opens a device in the groups. Return: 0 or errno, from a child that joined */
static int try_device(const char *path, int flags)
{
	int fds[CGROUP_MAX_HIERARCHIES], status = 0;
	size_t n = 0;
	pid_t pid;

	if (cgroup_open_joins(&cg, false, fds, &n, &e) < 0)
		return -1;
	pid = fork();
	if (pid == 0) {
		for (size_t i = 0; i < n; i++)
			if (write(fds[i], "0", 1) != 1)
				_exit(255);
		_exit(open(path, flags | O_NONBLOCK | O_CLOEXEC) < 0 ? errno : 0);
	}
	while (n > 0)
		close(fds[--n]);
	waitpid(pid, &status, 0);
	return WEXITSTATUS(status);
}

static void devices_are_denied_but_for_the_usual(void)
{
	struct oci_device_rule allow = { true, 'c', 1, 11, true, false, false };
	struct oci_resources r = { .present = true };
	char kmsg[64];

	snprintf(kmsg, sizeof(kmsg), "/tmp/pinfold-unit-kmsg-%d", (int)getpid());
	if (mknod(kmsg, S_IFCHR | 0600, makedev(1, 11)) < 0) {
		SKIP("mknod is not permitted here");
		return;
	}
	plan_and_create();
	CHECK_INT(cgroup_apply(&cg, &config, &r, &e), ==, 0);
	CHECK_INT(try_device("/dev/null", O_RDWR), ==, 0);
	CHECK_INT(try_device(kmsg, O_RDONLY), ==, EPERM);
	r.devices = &allow;
	r.n_devices = 1;
	CHECK_INT(cgroup_apply(&cg, &config, &r, &e), ==, 0); /* again: the old rules go */
	CHECK_INT(try_device(kmsg, O_RDONLY), ==, 0);
	CHECK_INT(try_device(kmsg, O_WRONLY), ==, EPERM);
	r.n_devices = 0;
	CHECK_INT(cgroup_apply(&cg, NULL, &r, &e), ==,
		  0); /* an update says nothing about devices */
	CHECK_INT(try_device(kmsg, O_RDONLY), ==, 0);
	CHECK_INT(cgroup_apply(&cg, &config, &r, &e), ==, 0);
	CHECK_INT(try_device(kmsg, O_RDONLY), ==, EPERM);
	unlink(kmsg);
	destroy_leaves_nothing();
}

static int64_t value_of(const char *controller, const char *v1_file, const char *v2_file)
{
	const struct cgroup_hierarchy *h = cgroup_find_v1(&cg, controller);
	bool v1 = h;
	int64_t v = -2;
	int dir = -1;

	if (!h)
		h = cgroup_find_v2(&cg);
	if (h && cgroup_dir_open(h, &dir, &e) == 0) {
		(void)cgroup_read_number(dir, v1 ? v1_file : v2_file, &v);
		close(dir);
	}
	return v;
}

static bool has_controller(const char *name)
{
	char list[512] = "";
	int dir = -1;

	if (cgroup_find_v1(&cg, name))
		return true;
	if (cgroup_find_v2(&cg) && cgroup_dir_open(cgroup_find_v2(&cg), &dir, &e) == 0) {
		(void)cgroup_read_file(dir, "cgroup.controllers", list, sizeof(list));
		close(dir);
	}
	return cgroup_list_has(list, name);
}

static void a_limit_is_set_or_refused(void)
{
	struct oci_resources r = { .present = true, .pids_limit = { true, 77 } },
			     m = { .mem_limit = { true, 64 << 20 } };
	struct oci_resources none = { .pids_limit = { true, -1 } },
			     strictest = { .pids_limit = { true, 0 } };

	plan_and_create();
	if (has_controller("pids")) {
		CHECK_INT(cgroup_apply(&cg, &config, &r, &e), ==, 0);
		CHECK_INT(value_of("pids", "pids.max", "pids.max"), ==, 77);
		CHECK_INT(cgroup_apply(&cg, &config, &strictest, &e), ==, 0);
		CHECK_INT(value_of("pids", "pids.max", "pids.max"), ==, 1);
	} else {
		CHECK_INT(cgroup_apply(&cg, &config, &strictest, &e), <, 0);
		CHECK_INT(cgroup_apply(&cg, &config, &r, &e), <, 0);
		CHECK_HAS(e.msg, "/linux/resources/pids/limit");
		CHECK_HAS(e.msg, "`pids'");
		CHECK_INT(e.kind, ==, PF_ERR_HOST);
	}
	CHECK_INT(cgroup_apply(&cg, &config, &none, &e), ==,
		  0); /* no limit is no limit without a controller too */
	if (has_controller("memory")) {
		CHECK_INT(cgroup_apply(&cg, NULL, &m, &e), ==, 0);
		CHECK_INT(value_of("memory", "memory.limit_in_bytes", "memory.max"), ==, 64 << 20);
		m.mem_limit.v = 32 << 20;
		CHECK_INT(cgroup_apply(&cg, NULL, &m, &e), ==, 0);
		CHECK_INT(value_of("memory", "memory.limit_in_bytes", "memory.max"), ==, 32 << 20);
	}
	destroy_leaves_nothing();
}

static void cpu_limits_move_both_ways(void)
{
	const int64_t steps[][2] = { { 50000, 100000 },
				     { 5000, 10000 },
				     { 200000, 200000 },
				     { 1000, 1000 },
				     { -1, 100000 } };
	struct oci_resources r = { .cpu_shares = { true, 512 } };

	plan_and_create();
	if (!has_controller("cpu")) { /* a limit that nothing would keep is no limit */
		CHECK_INT(cgroup_apply(&cg, NULL, &r, &e), <, 0);
		CHECK_HAS(e.msg, "/linux/resources/cpu/shares");
		destroy_leaves_nothing();
		return;
	}
	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		r.cpu_quota = (struct oci_num){ true, steps[i][0] };
		r.cpu_period = (struct oci_num){ true, steps[i][1] };
		CHECK_INT(cgroup_apply(&cg, NULL, &r, &e), ==, 0);
	}
	CHECK_INT(value_of("cpu", "cpu.shares", "cpu.weight"), ==,
		  cgroup_find_v1(&cg, "cpu") ? 512 : 59);
	destroy_leaves_nothing();
}

static void a_scope_is_started_and_stopped(void)
{
	pid_t pid = fork();

	if (pid == 0) {
		signal(SIGTERM, SIG_IGN); /* stop must not wait for those who do not listen */
		for (;;)
			pause();
	}
	snprintf(place, sizeof(place), "pinfold-unit.slice:unit:c%d", (int)getpid());
	config.oci_version = OCI_VERSION;
	config.linux_.cgroups_path = place;
	CHECK_INT(cgroup_plan(&config, "c1", CGROUP_MANAGER_SYSTEMD, false, &cg, &e), ==, 0);
	CHECK_INT(cgroup_create(&cg, &e), ==, 0);
	CHECK_INT(cgroup_start_scope(&cg, &config, pid, &e), ==, 0);
	CHECK_HAS(cg.h[0].path, "/pinfold.slice/pinfold-unit.slice/unit-c");
	CHECK(wait_pids(1));
	CHECK_INT(cgroup_apply(&cg, &config, &config.linux_.resources, &e), ==, 0);
	other = cg;
	other.scope_started = false;
	CHECK_INT(cgroup_start_scope(&other, &config, getpid(), &e), <, 0); /* the name is taken */
	CHECK_INT(cgroup_freeze(&cg, true, &e), ==, 0);
	CHECK_INT(cgroup_destroy(&cg, &e), ==, 0);
	CHECK(wait_dead(pid));
	CHECK(!exists(&cg.h[0], cg.h[0].path));
}

int main(int argc, char **argv)
{
	if (geteuid() != 0 || !getenv("PF_LIVE"))
		return tap_skip_all("makes cgroups: run by tests/unit/cgroup_live.sh, as root");
	if (argc > 1 && strcmp(argv[1], "systemd") == 0) {
		RUN(a_scope_is_started_and_stopped);
		return tap_done();
	}
	RUN(a_container_lives_in_its_groups);
	RUN(a_group_that_others_use_is_refused_and_spared);
	RUN(destroy_takes_sub_groups_and_stragglers);
	RUN(an_exec_follows_an_init_that_moved);
	RUN(devices_are_denied_but_for_the_usual);
	RUN(a_limit_is_set_or_refused);
	RUN(cpu_limits_move_both_ways);
	return tap_done();
}
