/* SPDX-License-Identifier: Apache-2.0 */
/* `protect': what is bound on itself, which directories are held in place, and what the seal makes of identities. */
#include <config.h>

#include "tests/unit/confine_box.h"

/* Protected paths, and in brackets those that are only held in place. */
static const char *protects(const struct box *b)
{
	static char buf[1024];
	size_t len = 0;

	buf[0] = '\0';
	for (size_t i = 0; i < b->c.n_protects; i++) {
		const struct confine_protect *p = &b->c.protects[i];

		len += (size_t)snprintf(buf + len, sizeof(buf) - len, p->anchor ? "%s[%s]" : "%s%s",
					i ? " " : "", p->path);
	}
	return buf;
}

static struct box *open_repository(void)
{
	struct box *b = box_open();

	box_dir(b, "/work/.git/hooks");
	box_file(b, "/work/.git/config", "");
	box_dir(b, "/work/.vscode");
	box_file(b, "/work/.mcp.json", "{}");
	box_dir(b, "/work/src/deep/in");
	box_file(b, "/work/src/deep/in/lock", "");
	return b;
}

static void agent_control_is_what_the_host_obeys(void)
{
	struct box *b = open_repository();

	box_key(b, POLICY_PROTECT, "@agent-control");
	box_key(b, POLICY_WRITE, "@cwd");
	CHECK_INT(box_resolve(b), ==, 0);
	CHECK_STR(protects(b), "[/work/.git] /work/.git/config /work/.git/hooks /work/.mcp.json "
			       "/work/.vscode");
	CHECK_HAS(box_notes(b), "@agent-control: not there, and so not protected when they are "
				"made: .claude .codex .cursor .devcontainer .envrc .husky "
				".github/workflows .config/pinfold");
	b->config.process.cwd = "/";
	CHECK_INT(box_resolve(b), ==, 0);
	CHECK_STR(protects(b), "");
	CHECK_HAS(box_notes(b), "there is no `@cwd': nothing is protected");
	box_close(b);
}

static void a_git_file_is_protected_like_a_git_directory(void)
{
	struct box *b = box_open();

	box_file(b, "/work/.git", "gitdir: elsewhere");
	box_link(b, "/etc", "/work/.claude");
	box_key(b, POLICY_PROTECT, "@agent-control");
	CHECK_INT(box_resolve(b), ==, 0);
	CHECK_STR(protects(b), "[/work] /work/.git");
	CHECK_HAS(box_notes(b), "`/work/.claude' is a symlink");
	box_close(b);
}

static void directories_are_held_up_to_the_root_of_their_mount(void)
{
	struct box *b = open_repository();

	box_key(b, POLICY_PROTECT, "/work/src/deep/in/*");
	CHECK_INT(box_resolve(b), ==, 0);
	CHECK_STR(protects(b), "[/work] [/work/src] [/work/src/deep] [/work/src/deep/in] "
			       "/work/src/deep/in/lock");
	/* nobody can rename in what nobody can write */
	box_key(b, POLICY_WRITE, "/work/src/deep");
	CHECK_INT(box_resolve(b), ==, 0);
	CHECK_STR(protects(b), "[/work/src/deep/in] /work/src/deep/in/lock");
	/* without Landlock there is no such line */
	box_split(b, "landlock", b->bound, &b->policy.keys[POLICY_DEGRADE].list.n);
	b->policy.keys[POLICY_DEGRADE].list.v = b->bound;
	b->host.landlock_abi = 0;
	CHECK_INT(box_resolve(b), ==, 0);
	CHECK_STR(protects(b), "[/work] [/work/src] [/work/src/deep] [/work/src/deep/in] "
			       "/work/src/deep/in/lock");
	box_close(b);
}

static void a_mount_point_needs_no_holding(void)
{
	struct box *b = box_open();

	box_bind(b, "/home/dev/work");
	box_dir(b, "/home/dev/work/.git/hooks");
	box_key(b, POLICY_PROTECT, "/home/dev/work/.git/hooks");
	CHECK_INT(box_resolve(b), ==, 0);
	CHECK_STR(protects(b), "[/home/dev/work/.git] /home/dev/work/.git/hooks");
	box_must(mount(NULL, box_path(b, "/home/dev/work"), NULL, MS_REMOUNT | MS_BIND | MS_RDONLY,
		       NULL) == 0,
		 "read-only");
	CHECK_INT(box_resolve(b), ==, 0);
	CHECK_STR(protects(b), "/home/dev/work/.git/hooks");
	box_close(b);
}

static void aliases_are_protected_and_held_too(void)
{
	struct box *b = box_open();

	box_bind(b, "/data");
	box_dir(b, "/data/r/.git/hooks");
	box_dir(b, "/same");
	box_dir(b, "/hooks");
	box_must(mount(box_path(b, "/data"), box_path(b, "/same"), NULL, MS_BIND, NULL) == 0, "a");
	box_must(mount(box_path(b, "/data/r/.git/hooks"), box_path(b, "/hooks"), NULL, MS_BIND,
		       NULL) == 0,
		 "b");
	box_key(b, POLICY_PROTECT, "/data/r/.git/hooks");
	CHECK_INT(box_resolve(b), ==, 0);
	CHECK_STR(protects(b), "[/data/r] [/data/r/.git] /data/r/.git/hooks /hooks [/same/r] "
			       "[/same/r/.git] /same/r/.git/hooks");
	box_close(b);
}

static void the_outermost_protects_what_lies_in_it(void)
{
	struct box *b = open_repository();

	box_key(b, POLICY_PROTECT,
		"/work/.git/hooks /work/.git /work/src/** /work/src/deep/in/lock");
	box_key(b, POLICY_WRITE, "/work");
	CHECK_INT(box_resolve(b), ==, 0);
	CHECK_STR(protects(b), "/work/.git /work/src");
	box_key(b, POLICY_HIDE, "/work/.git");
	CHECK_INT(box_resolve(b), ==, 0);
	CHECK_STR(protects(b), "/work/src");
	box_close(b);
}

static void what_is_not_there_is_said_and_a_planted_symlink_refuses(void)
{
	struct box *b = open_repository();

	box_bind(b, "/data");
	box_link(b, "/etc", "/data/link");
	box_key(b, POLICY_PROTECT, "/work/absent /work/*.none");
	CHECK_INT(box_resolve(b), ==, 0);
	CHECK_STR(protects(b), "");
	CHECK_HAS(box_notes(b), "protect: `/work/absent' does not exist");
	box_key(b, POLICY_PROTECT, "/data/link");
	CHECK_INT(box_resolve(b), ==, -EINVAL);
	CHECK_HAS(b->e.msg, "leads through the symlink `/data/link'");
	box_key(b, POLICY_PROTECT, "/data/l*");
	CHECK_INT(box_resolve(b), ==, 0);
	CHECK_HAS(box_notes(b), "`/data/link' is a symlink, which can be replaced");
	box_close(b);
}

static void a_write_entry_for_what_is_protected_refuses(void)
{
	struct box *b = open_repository();

	box_key(b, POLICY_PROTECT, "/work/.git");
	box_key(b, POLICY_WRITE, "/work /work/.git/hooks");
	CHECK_INT(box_resolve(b), ==, -EINVAL);
	CHECK_HAS(b->e.msg, "/annotations/io.pinfold.write: `/work/.git/hooks'");
	CHECK_HAS(b->e.msg, "by `/work/.git'");
	box_key(b, POLICY_WRITE, "/work");
	CHECK_INT(box_resolve(b), ==, 0);
	box_close(b);
}

static void what_lies_below_a_bind_of_ours_is_known_without_its_mount(void)
{
	struct box *b = open_repository();
	const struct seal_protect *p;
	const struct seal_rule *r;
	const struct seal *seal;
	struct flat f = { { 0 } };

	box_key(b, POLICY_PROTECT, "/work/.git/hooks");
	box_key(b, POLICY_WRITE, "/work/src /tmp");
	box_key(b, POLICY_READ, "/work/.git /usr");
	b->host.landlock_abi = 0;
	box_split(b, "landlock", b->bound, &b->policy.keys[POLICY_DEGRADE].list.n);
	b->policy.keys[POLICY_DEGRADE].list.v = b->bound;
	CHECK_INT(box_resolve(b), ==, 0);
	b->c.abi = 7;
	b->c.handled_fs = PF_LL_FS_READ_FILE;
	CHECK_INT(confine_write_seal(&b->c, &f, &b->e), ==, 0);
	seal = (const void *)f.bytes.data;
	p = (const void *)(f.bytes.data + seal->protects.off);
	r = (const void *)(f.bytes.data + seal->rules.off);
	CHECK_INT(seal->protects.n, ==, 3);
	CHECK_STR(f.bytes.data + p[0].path, "/work");
	CHECK(p[0].anchor && p[0].id.mnt_id == b->c.root.mnt_id);
	CHECK(p[1].anchor && p[1].id.mnt_id == SEAL_ANY_MOUNT && p[1].id.ino);
	CHECK(!p[2].anchor && p[2].is_dir && p[2].id.mnt_id == SEAL_ANY_MOUNT);
	for (uint32_t i = 0; i < seal->rules.n; i++) {
		const char *path = f.bytes.data + r[i].path;
		bool below = strncmp(path, "/work", 5) == 0;

		if (below != (r[i].id.mnt_id == SEAL_ANY_MOUNT))
			CHECK_STR(path, "with the other identity");
	}
	flat_free(&f);
	box_close(b);
}

int main(void)
{
	const char *why = box_prepare();

	if (why)
		return tap_skip_all(why);
	RUN(agent_control_is_what_the_host_obeys);
	RUN(a_git_file_is_protected_like_a_git_directory);
	RUN(directories_are_held_up_to_the_root_of_their_mount);
	RUN(a_mount_point_needs_no_holding);
	RUN(aliases_are_protected_and_held_too);
	RUN(the_outermost_protects_what_lies_in_it);
	RUN(what_is_not_there_is_said_and_a_planted_symlink_refuses);
	RUN(a_write_entry_for_what_is_protected_refuses);
	RUN(what_lies_below_a_bind_of_ours_is_known_without_its_mount);
	return tap_done();
}
