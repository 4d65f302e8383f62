/* SPDX-License-Identifier: Apache-2.0 */
/* The pure parts of the cgroup manager: mounts, paths, numbers, names. */
#include <config.h>

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "runtime/cgroup_internal.h"
#include "tests/unit/tap.h"

static const char hybrid[] =
	"22 26 0:21 / /sys rw,relatime - sysfs sysfs rw\n"
	"30 22 0:27 / /sys/fs/cgroup ro,nosuid shared:9 - tmpfs tmpfs ro,mode=755\n"
	"31 30 0:28 / /sys/fs/cgroup/cpu,cpuacct rw,relatime shared:10 master:3 - cgroup cgroup rw,cpu,cpuacct\n"
	"32 30 0:30 / /sys/fs/cgroup/cpuset rw - cgroup cgroup rw,cpuset,clone_children\n"
	"33 30 0:31 / /sys/fs/cgroup/with\\040space rw - cgroup cgroup rw,memory\n"
	"34 30 0:36 / /sys/fs/cgroup/systemd rw - cgroup cgroup rw,xattr,release_agent=/x,name=systemd\n"
	"35 30 0:38 / /sys/fs/cgroup/elogind rw - cgroup cgroup rw,name=elogind\n"
	"36 30 0:39 / /sys/fs/cgroup/pids ro - cgroup cgroup rw,pids\n"
	"40 30 0:37 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw\n"
	"41 30 0:37 /some/group /elsewhere rw,relatime - cgroup2 cgroup2 rw\n";

static const char unified[] =
	"30 22 0:27 / /sys/fs/cgroup rw,nosuid - cgroup2 cgroup2 rw,nsdelegate,memory_recursiveprot\n";

static struct cgroup cg, cg2;
static struct pf_error e;

static void read_mounts(const char *text)
{
	static struct cgroup_mount m[CGROUP_MAX_MOUNTS];
	size_t n = cgroup_parse_mounts(text, m, CGROUP_MAX_MOUNTS);

	memset(&cg, 0, sizeof(cg));
	memset(&e, 0, sizeof(e));
	CHECK_INT(cgroup_select_mounts(m, n, &cg, &e), ==, 0);
}

static void a_hybrid_host_has_both(void)
{
	read_mounts(hybrid);
	CHECK_INT(cg.n, ==, 5);
	CHECK_STR(cg.h[0].name, "cpu,cpuacct");
	CHECK_STR(cg.h[0].controllers, "cpu,cpuacct");
	CHECK_STR(cg.h[1].controllers, "cpuset");
	CHECK_STR(cg.h[2].mount, "/sys/fs/cgroup/with space");
	CHECK_STR(cg.h[3].controllers, "name=systemd");
	CHECK_STR(cg.h[4].name, "unified");
	CHECK(cg.h[4].v2);
	CHECK(!cgroup_is_unified(&cg));
	CHECK(cgroup_find_v1(&cg, "cpuacct") == &cg.h[0]);
	CHECK(cgroup_find_v1(&cg, "pids") == NULL); /* read-only */
	CHECK(cgroup_find_v1(&cg, "cpu,cpuacct") == NULL);
	CHECK(cgroup_find_v2(&cg) == &cg.h[4]);
}

static void a_unified_host_has_one(void)
{
	read_mounts(unified);
	CHECK_INT(cg.n, ==, 1);
	CHECK_STR(cg.h[0].name, "");
	CHECK(cgroup_is_unified(&cg));
}

static void lines_that_are_no_mounts_are_left_out(void)
{
	read_mounts("");
	CHECK_INT(cg.n, ==, 0);
	read_mounts("a b c - cgroup\n - cgroup2 x y\n1 2 x:y / /m rw - cgroup2 c rw\n");
	CHECK_INT(cg.n, ==, 0);
	read_mounts("1 2 0:9 / /m rw - cgroup cgroup rw,unheard_of\n");
	CHECK_INT(cg.n, ==, 0);
	read_mounts("1 2 0:9 / /m rw - cgroup2 cgroup2 rw"); /* no newline at the end */
	CHECK_INT(cg.n, ==, 1);
}

static void the_own_group_is_seen_from_the_mount(void)
{
	static const char self[] =
		"12:cpu,cpuacct:/user.slice\n4:memory:/docker/abc/x\n1:name=systemd:/\n0::/a/b\n";
	char buf[CGROUP_PATH_SIZE];

	read_mounts(hybrid);
	CHECK_INT(cgroup_own_path(self, &cg.h[0], buf, sizeof(buf)), ==, 0);
	CHECK_STR(buf, "/user.slice");
	CHECK_INT(cgroup_own_path(self, &cg.h[1], buf, sizeof(buf)), ==, -ENOENT);
	CHECK_INT(cgroup_own_path(self, &cg.h[3], buf, sizeof(buf)), ==, 0);
	CHECK_STR(buf, "");
	CHECK_INT(cgroup_own_path(self, &cg.h[4], buf, sizeof(buf)), ==, 0);
	CHECK_STR(buf, "/a/b");
	memcpy(cg.h[2].root, "/docker/abc", sizeof("/docker/abc"));
	CHECK_INT(cgroup_own_path(self, &cg.h[2], buf, sizeof(buf)), ==, 0);
	CHECK_STR(buf, "/x");
	memcpy(cg.h[2].root, "/docker/ab", sizeof("/docker/ab")); /* no prefix by components */
	CHECK_INT(cgroup_own_path(self, &cg.h[2], buf, sizeof(buf)), ==, 0);
	CHECK_STR(buf, "");
	CHECK_INT(cgroup_own_path("0::/../../x\n", &cg.h[4], buf, sizeof(buf)), ==, 0);
	CHECK_STR(buf, "");
}

static int place(const char *text, const char *path, const char *self)
{
	struct oci_config config = { .linux_.cgroups_path = path };

	read_mounts(text);
	return cgroup_place(&config, "c1", self, &cg, &e);
}

static void groups_are_placed(void)
{
	CHECK_INT(place(hybrid, NULL, "3:cpuset:/a\n0::/b/c\n"), ==, 0);
	CHECK_STR(cg.h[0].path, "/c1");
	CHECK_STR(cg.h[1].path, "/a/c1");
	CHECK_STR(cg.h[4].path, "/b/c/c1");
	CHECK_INT(place(hybrid, "rel//x/.", "3:cpuset:/a\n0::/b/c\n"), ==, 0);
	CHECK_STR(cg.h[1].path, "/a/rel/x");
	CHECK_INT(place(hybrid, "/libpod_parent//libpod-1/", "3:cpuset:/a\n0::/b/c\n"), ==, 0);
	CHECK_STR(cg.h[1].path, "/libpod_parent/libpod-1");
	/* on v2 alone beside the caller, whose group holds processes and so cannot give controllers below */
	CHECK_INT(place(unified, NULL, "0::/user.slice/s.scope\n"), ==, 0);
	CHECK_STR(cg.h[0].path, "/user.slice/c1");
	CHECK_INT(place(unified, NULL, "0::/\n"), ==, 0);
	CHECK_STR(cg.h[0].path, "/c1");
}

static void groups_that_cannot_be_ours_are_refused(void)
{
	static char long_path[700];

	memset(long_path, 'a', sizeof(long_path) - 1);
	CHECK_INT(place(hybrid, "/a/../../b", ""), <, 0);
	CHECK_HAS(e.msg, "/linux/cgroupsPath");
	CHECK_INT(e.kind, ==, PF_ERR_CONFIG);
	CHECK_INT(place(hybrid, "..", "0::/a\n"), <, 0);
	CHECK_INT(place(hybrid, "/", ""), <, 0);
	CHECK_INT(place(hybrid, ".", "3:cpuset:/a\n"), <, 0);
	CHECK_INT(place(hybrid, long_path, ""), <, 0);
	CHECK_INT(place(unified, long_path, ""), <, 0);
}

static int scope(const char *spec)
{
	memset(&cg, 0, sizeof(cg));
	return cgroup_parse_scope(spec, "c1", &cg, &e);
}

static void scopes_are_named(void)
{
	char buf[128];

	CHECK_INT(scope(NULL), ==, 0);
	CHECK_STR(cg.unit, "pinfold-c1.scope");
	CHECK_STR(cg.slice, "system.slice");
	CHECK_INT(scope("machine.slice:libpod:abc"), ==, 0);
	CHECK_STR(cg.unit, "libpod-abc.scope");
	CHECK_STR(cg.slice, "machine.slice");
	CHECK_INT(scope("::abc"), ==, 0);
	CHECK_STR(cg.unit, "abc.scope");
	CHECK_INT(scope("/a/b"), <, 0);
	CHECK_HAS(e.msg, "slice:prefix:name");
	CHECK_INT(scope("a:b:c:d"), <, 0);
	CHECK_INT(scope("a.slice::"), <, 0);
	CHECK_INT(scope("a.slice:x:../../y"), <, 0);
	CHECK_INT(scope("noslice:x:y"), <, 0);
	CHECK_INT(cgroup_expand_slice("a-b-c.slice", buf, sizeof(buf)), ==, 0);
	CHECK_STR(buf, "/a.slice/a-b.slice/a-b-c.slice");
	CHECK_INT(cgroup_expand_slice("-.slice", buf, sizeof(buf)), ==, 0);
	CHECK_STR(buf, "");
	CHECK_INT(cgroup_expand_slice("a--b.slice", buf, sizeof(buf)), <, 0);
	CHECK_INT(cgroup_expand_slice("-a.slice", buf, sizeof(buf)), <, 0);
	CHECK_INT(cgroup_expand_slice("a-.slice", buf, sizeof(buf)), <, 0);
	CHECK_INT(cgroup_expand_slice("a/b.slice", buf, sizeof(buf)), <, 0);
	CHECK_INT(cgroup_expand_slice("a-b-c.slice", buf, 10), ==, -ENAMETOOLONG);
}

static void numbers_of_v1_become_those_of_v2(void)
{
	int64_t swap = 0;

	CHECK_INT(cgroup_shares_to_weight(2), ==, 1);
	CHECK_INT(cgroup_shares_to_weight(1024), ==, 100);
	CHECK_INT(cgroup_shares_to_weight(262144), ==, 10000);
	CHECK_INT(cgroup_shares_to_weight(0), ==, 1);
	CHECK_INT(cgroup_shares_to_weight(1u << 30), ==, 10000);
	CHECK_INT(cgroup_shares_to_weight(512), ==, 59);
	CHECK_INT(cgroup_shares_to_weight(2048), ==, 174);
	for (uint64_t s = 2, last = 0; s <= 262144; s += 37) {
		uint64_t w = cgroup_shares_to_weight(s);

		if (w < last || w < 1 || w > 10000)
			CHECK_INT(w, >=, last);
		last = w;
	}
	CHECK_INT(cgroup_blkio_to_io_weight(10), ==, 1);
	CHECK_INT(cgroup_blkio_to_io_weight(1000), ==, 10000);
	CHECK_INT(cgroup_blkio_to_io_weight(500), ==, 4950);
	CHECK_INT(cgroup_swap_to_v2(300, 100, &swap), ==, 0);
	CHECK_INT(swap, ==, 200);
	CHECK_INT(cgroup_swap_to_v2(100, 100, &swap), ==, 0);
	CHECK_INT(swap, ==, 0);
	CHECK_INT(cgroup_swap_to_v2(-1, 100, &swap), ==, 0);
	CHECK_INT(swap, ==, -1);
	CHECK_INT(cgroup_swap_to_v2(5, -1, &swap), ==, 0);
	CHECK_INT(swap, ==, 5);
	CHECK_INT(cgroup_swap_to_v2(50, 100, &swap), ==, -EINVAL);
	CHECK_INT(cgroup_swap_to_v2(50, 0, &swap), ==, -EINVAL);
	CHECK_INT(cgroup_quota_to_systemd(50000, 100000), ==, 500000);
	CHECK_INT(cgroup_quota_to_systemd(1001, 100000), ==, 20000); /* up to the next per cent */
	CHECK(cgroup_quota_to_systemd(-1, 100000) == UINT64_MAX);
	CHECK_INT(cgroup_quota_to_systemd(50000, 0), ==, 500000);
}

static void cpu_lists_become_masks(void)
{
	uint8_t mask[4];
	size_t len = 0;

	CHECK_INT(cgroup_cpuset_to_mask("0-3,9", mask, sizeof(mask), &len), ==, 0);
	CHECK_INT(len, ==, 2);
	CHECK_INT(mask[0], ==, 0x0f);
	CHECK_INT(mask[1], ==, 0x02);
	CHECK_INT(cgroup_cpuset_to_mask("31", mask, sizeof(mask), &len), ==, 0);
	CHECK_INT(cgroup_cpuset_to_mask("32", mask, sizeof(mask), &len), <, 0);
	CHECK_INT(cgroup_cpuset_to_mask("3-1", mask, sizeof(mask), &len), <, 0);
	CHECK_INT(cgroup_cpuset_to_mask("", mask, sizeof(mask), &len), <, 0);
	CHECK_INT(cgroup_cpuset_to_mask("1-", mask, sizeof(mask), &len), <, 0);
	CHECK_INT(cgroup_cpuset_to_mask("-1", mask, sizeof(mask), &len), <, 0);
	CHECK_INT(cgroup_cpuset_to_mask("1 2", mask, sizeof(mask), &len), <, 0);
	CHECK_INT(cgroup_cpuset_to_mask("99999999999999999999", mask, sizeof(mask), &len), <, 0);
}

static void sub_groups_stay_below(void)
{
	CHECK_INT(place(hybrid, "/c", ""), ==, 0);
	CHECK_INT(cgroup_subgroup(&cg, "sub/x", &cg2, &e), ==, 0);
	CHECK_STR(cg2.h[0].path, "/c/sub/x");
	CHECK_STR(cg2.h[4].path, "/c/sub/x");
	CHECK_INT(cgroup_subgroup(&cg, "cpuset,cpu:s", &cg2, &e), ==, 0);
	CHECK_STR(cg2.h[0].path, "/c/s");
	CHECK_STR(cg2.h[1].path, "/c/s");
	CHECK_STR(cg2.h[4].path, "/c");
	CHECK_INT(cgroup_subgroup(&cg2, "memory:m", &cg2, &e), ==, 0);
	CHECK_STR(cg2.h[2].path, "/c/m");
	CHECK_STR(cg2.h[0].path, "/c/s");
	CHECK_INT(cgroup_subgroup(&cg, "/", &cg2, &e), ==, 0);
	CHECK_STR(cg2.h[0].path, "/c");
	CHECK_INT(cgroup_subgroup(&cg, "../x", &cg2, &e), <, 0);
	CHECK_INT(cgroup_subgroup(&cg, "cpu:../../x", &cg2, &e), <, 0);
	CHECK_INT(cgroup_subgroup(&cg, "nope:x", &cg2, &e), <, 0);
	CHECK_HAS(e.msg, "nope");
}

static int from_text(const char *text, size_t len)
{
	struct json_doc *doc = NULL;
	int ret = json_parse(text, len, NULL, &doc, &e);

	if (ret == 0)
		ret = cgroup_from_json(json_root(doc), &cg2, &e);
	json_free(doc);
	return ret;
}

static void the_state_comes_back_as_it_was(void)
{
	struct pf_buf a = { 0 }, b = { 0 };
	char *at;

	CHECK_INT(place(hybrid, "/c", ""), ==, 0);
	cg.h[1].created = cg.h[1].owned = cg.rootless = cg.scope_started = true;
	memcpy(cg.unit, "x\"y.scope", sizeof("x\"y.scope"));
	cgroup_to_json(&cg, &a);
	CHECK_INT(from_text(a.data, a.len), ==, 0);
	cgroup_to_json(&cg2, &b);
	CHECK_STR(b.data, a.data);
	CHECK(cg2.h[1].owned && !cg2.h[0].owned && cg2.scope_started);

	/* a damaged file must not send a removal elsewhere */
	at = strstr(a.data, "\"path\":\"/c\"");
	memcpy(at, "\"path\":\"/\" ", strlen("\"path\":\"/\" "));
	CHECK_INT(from_text(a.data, a.len), <, 0);
	memcpy(at, "\"path\":\"..\"", strlen("\"path\":\"..\""));
	CHECK_INT(from_text(a.data, a.len), <, 0);
	CHECK_INT(from_text("{}", 2), <, 0);
	pf_buf_free(&a);
	pf_buf_free(&b);
}

int main(void)
{
	RUN(a_hybrid_host_has_both);
	RUN(a_unified_host_has_one);
	RUN(lines_that_are_no_mounts_are_left_out);
	RUN(the_own_group_is_seen_from_the_mount);
	RUN(groups_are_placed);
	RUN(groups_that_cannot_be_ours_are_refused);
	RUN(scopes_are_named);
	RUN(numbers_of_v1_become_those_of_v2);
	RUN(cpu_lists_become_masks);
	RUN(sub_groups_stay_below);
	RUN(the_state_comes_back_as_it_was);
	return tap_done();
}
