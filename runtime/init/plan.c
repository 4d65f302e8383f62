/* SPDX-License-Identifier: Apache-2.0 */
/* The reader's side of the flat plan: everything is checked once, before the first step, so that the steps can follow
 * offsets without a second thought. The block comes by an fd that a hostile copy of this program could have forged. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/init/init.h"

struct block {
	const char *base;
	size_t size, head; /* offsets below .head would point into the head struct */
};

static int bad_str(const struct block *b, plan_str s)
{
	if (s == 0)
		return 0;
	return s < b->head || s >= b->size || !memchr(b->base + s, '\0', b->size - s);
}

static int bad_list(const struct block *b, struct plan_list list, size_t item_size)
{
	if (list.n == 0)
		return 0;
	return list.off < b->head || list.off % 8 || list.off > b->size ||
	       list.n > (b->size - list.off) / item_size;
}

static int bad_strs(const struct block *b, struct plan_list list)
{
	const plan_str *s;

	if (bad_list(b, list, sizeof(*s)))
		return 1;
	s = plan_items(b->base, list);
	for (uint32_t i = 0; i < list.n; i++)
		if (s[i] == 0 || bad_str(b, s[i]))
			return 1;
	return 0;
}

/* What a kind of mount cannot do without. */
static bool lacks_text(const struct plan_mount *m)
{
	if (m->kind == PLAN_MOUNT_FS)
		return !m->fstype;
	return (m->kind == PLAN_MOUNT_PATH || m->kind == PLAN_MOUNT_COPY_SYMLINK) && !m->source;
}

static int bad_mounts(const struct block *b, const struct plan *p)
{
	const struct plan_mount *m;
	const struct plan_cgroup_mount *g;

	if (bad_list(b, p->mounts, sizeof(*m)) || bad_list(b, p->cgroup_mounts, sizeof(*g)))
		return 1;
	m = plan_items(p, p->mounts);
	for (uint32_t i = 0; i < p->mounts.n; i++)
		if (!m[i].dest || lacks_text(&m[i]) || bad_str(b, m[i].dest) ||
		    bad_str(b, m[i].source) || bad_str(b, m[i].fstype) || bad_str(b, m[i].data))
			return 1;
	g = plan_items(p, p->cgroup_mounts);
	for (uint32_t i = 0; i < p->cgroup_mounts.n; i++)
		if (bad_str(b, g[i].name) || bad_str(b, g[i].options) ||
		    bad_str(b, g[i].host_dir) || bad_strs(b, g[i].links))
			return 1;
	return 0;
}

static int bad_nodes(const struct block *b, const struct plan *p)
{
	const struct plan_device *d;
	const struct plan_link *l;
	const struct plan_pair *s;

	if (bad_list(b, p->devices, sizeof(*d)) || bad_list(b, p->links, sizeof(*l)) ||
	    bad_list(b, p->sysctl, sizeof(*s)))
		return 1;
	d = plan_items(p, p->devices);
	for (uint32_t i = 0; i < p->devices.n; i++)
		if (!d[i].path || bad_str(b, d[i].path) || bad_str(b, d[i].source))
			return 1;
	l = plan_items(p, p->links);
	for (uint32_t i = 0; i < p->links.n; i++)
		if (!l[i].target || !l[i].path || bad_str(b, l[i].target) || bad_str(b, l[i].path))
			return 1;
	s = plan_items(p, p->sysctl);
	for (uint32_t i = 0; i < p->sysctl.n; i++)
		if (!s[i].key || !s[i].value || bad_str(b, s[i].key) || bad_str(b, s[i].value))
			return 1;
	return 0;
}

static int bad_hooks(const struct block *b, struct plan_list list)
{
	const struct plan_hook *h;

	if (bad_list(b, list, sizeof(*h)))
		return 1;
	h = plan_items(b->base, list);
	for (uint32_t i = 0; i < list.n; i++)
		if (!h[i].path || bad_str(b, h[i].path) || bad_strs(b, h[i].args) ||
		    bad_strs(b, h[i].env))
			return 1;
	return 0;
}

static int bad_process(const struct block *b, const struct plan_process *p)
{
	return bad_strs(b, p->args) || bad_strs(b, p->env) || p->args.n == 0 || !p->cwd ||
	       bad_str(b, p->cwd) || bad_list(b, p->groups, sizeof(uint32_t)) ||
	       bad_list(b, p->rlimits, sizeof(struct plan_rlimit)) || bad_str(b, p->apparmor) ||
	       bad_str(b, p->selinux) || bad_list(b, p->affinity, sizeof(uint64_t));
}

int plan_check(const struct plan *p, size_t size)
{
	struct block b = { (const char *)p, size, sizeof(*p) };

	if (size < sizeof(*p) || size > PLAN_MAX_BYTES || p->magic != PLAN_MAGIC || p->size != size)
		return -EINVAL;
	if (bad_list(&b, p->joins, sizeof(struct plan_ns_join)) ||
	    bad_list(&b, p->tasks_fds, sizeof(int32_t)) ||
	    bad_list(&b, p->bpf, 8 /* struct sock_filter */))
		return -EINVAL;
	if (bad_str(&b, p->root_path) || bad_str(&b, p->hostname) || bad_str(&b, p->domainname) ||
	    bad_str(&b, p->keyring) || bad_str(&b, p->keyring_label) ||
	    bad_str(&b, p->timens_offsets) || bad_strs(&b, p->masked) || bad_strs(&b, p->readonly))
		return -EINVAL;
	if (bad_mounts(&b, p) || bad_nodes(&b, p) || bad_hooks(&b, p->hooks_create_container) ||
	    bad_hooks(&b, p->hooks_start_container) || bad_process(&b, &p->process))
		return -EINVAL;
	return 0;
}

static int bad_attrs(const struct block *b, struct plan_list list)
{
	const struct seal_readonly *o;

	if (bad_list(b, list, sizeof(*o)))
		return 1;
	o = plan_items(b->base, list);
	for (uint32_t i = 0; i < list.n; i++)
		if (!o[i].path || bad_str(b, o[i].path))
			return 1;
	return 0;
}

static int bad_content(const struct block *b, const struct seal_cover *c)
{
	if (c->content == 0)
		return 0;
	return c->is_dir || bad_str(b, c->content) ||
	       strnlen(b->base + c->content, SEAL_CONTENT_MAX + 1) > SEAL_CONTENT_MAX;
}

static int bad_protects(const struct block *b, struct plan_list list)
{
	const struct seal_protect *p;

	if (bad_list(b, list, sizeof(*p)))
		return 1;
	p = plan_items(b->base, list);
	for (uint32_t i = 0; i < list.n; i++)
		if (!p[i].path || bad_str(b, p[i].path))
			return 1;
	return 0;
}

int seal_check(const struct seal *s, size_t size)
{
	struct block b = { (const char *)s, size, sizeof(*s) };
	const struct seal_rule *r;
	const struct seal_cover *c;

	if (size < sizeof(*s) || size > PLAN_MAX_BYTES || s->magic != SEAL_MAGIC || s->size != size)
		return -EINVAL;
	if (bad_list(&b, s->rules, sizeof(*r)) || bad_list(&b, s->covers, sizeof(*c)) ||
	    bad_attrs(&b, s->readonly) || bad_attrs(&b, s->noexec) || bad_protects(&b, s->protects))
		return -EINVAL;
	r = plan_items(s, s->rules);
	for (uint32_t i = 0; i < s->rules.n; i++)
		if (!r[i].path || bad_str(&b, r[i].path))
			return -EINVAL;
	c = plan_items(s, s->covers);
	for (uint32_t i = 0; i < s->covers.n; i++)
		if (!c[i].path || bad_str(&b, c[i].path) || bad_content(&b, &c[i]))
			return -EINVAL;
	return 0;
}

char **plan_argv(const void *base, struct plan_list list)
{
	const plan_str *s = plan_items(base, list);
	char **v = malloc((list.n + 1) * sizeof(*v));

	if (!v)
		return NULL;
	for (uint32_t i = 0; i < list.n; i++)
		v[i] = (char *)(uintptr_t)plan_text(base, s[i]);
	v[list.n] = NULL;
	return v;
}
