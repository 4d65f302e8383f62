/* SPDX-License-Identifier: Apache-2.0 */
/* pinfold-warden: the plan, the jail, the loop. warden.h has the theory of operation. */
#include <config.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "runtime/warden/jail.h"
#include "runtime/warden/warden.h"

#define NEEDED_SEALS (F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE)

/* Nobody can change or shorten what is mapped, so what was checked stays so. */
static const void *map_sealed(int fd, size_t max, size_t *ret_size)
{
	int seals = fcntl(fd, F_GET_SEALS);
	struct stat st;
	void *p;

	if (seals < 0 || (seals & NEEDED_SEALS) != NEEDED_SEALS || fstat(fd, &st) < 0 ||
	    st.st_size < 1 || (uint64_t)st.st_size > max)
		return NULL;
	p = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_SHARED, fd, 0);
	pf_close(fd);
	*ret_size = (size_t)st.st_size;
	return p == MAP_FAILED ? NULL : p;
}

static bool load(struct warden *w)
{
	size_t size = 0, names_size = 0;
	const struct warden_plan *p = map_sealed(WARDEN_PLAN_FD, WARDEN_PLAN_MAX, &size);
	const void *names;

	if (!p || warden_plan_check(p, size) < 0)
		return false;
	names = map_sealed(p->names_fd, NAMETAB_MAX_BYTES, &names_size);
	if (!names || nametab_open(names, names_size, &w->names) < 0)
		return false;
	w->plan = p;
	return true;
}

static size_t list_fds(const struct warden *w, int *fds)
{
	const struct warden_plan *p = w->plan;
	const int all[] = { p->udp[0],   p->udp[1],   p->tcp[0],  p->tcp[1], p->resolv_fd,
			    p->event_fd, p->learn_fd, p->life_fd, w->epoll };
	size_t n = 0;

	for (size_t i = 0; i < ARRAY_SIZE(all); i++)
		if (all[i] >= 0)
			fds[n++] = all[i];
	return n;
}

int warden_watch(struct warden *w, int fd, uint32_t events, enum source source, unsigned int index)
{
	struct epoll_event ev = { .events = events, .data.u64 = (uint64_t)source << 32 | index };

	return epoll_ctl(w->epoll, EPOLL_CTL_ADD, fd, &ev) < 0 ? -errno : 0;
}

/* A listener blocks nobody, whatever who made it thought of that; and is never asked by ourselves. */
static bool watch_listener(struct warden *w, int fd, int type, enum source source, unsigned int i)
{
	union warden_address *own = &w->own.servers[w->own.n];
	socklen_t size = sizeof(*own), type_size = sizeof(int);
	int got;

	if (fd < 0)
		return true;
	if (getsockopt(fd, SOL_SOCKET, SO_TYPE, &got, &type_size) < 0 || got != type ||
	    getsockname(fd, &own->any, &size) < 0 || size > sizeof(*own))
		return false;
	w->own.n++;
	return fcntl(fd, F_SETFL, O_NONBLOCK) == 0 && warden_watch(w, fd, EPOLLIN, source, i) == 0;
}

static bool watch_all(struct warden *w)
{
	const struct warden_plan *p = w->plan;

	w->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (w->epoll < 0)
		return false;
	for (unsigned int i = 0; i < WARDEN_LISTENERS; i++)
		if (!watch_listener(w, p->udp[i], SOCK_DGRAM, SOURCE_UDP, i) ||
		    !watch_listener(w, p->tcp[i], SOCK_STREAM, SOURCE_TCP, i))
			return false;
	/* who does not read must not stop us: what does not fit is lost, and counted */
	if ((p->event_fd >= 0 && fcntl(p->event_fd, F_SETFL, O_NONBLOCK | O_APPEND) < 0) ||
	    (p->learn_fd >= 0 && fcntl(p->learn_fd, F_SETFL, O_NONBLOCK | O_APPEND) < 0))
		return false;
	return p->life_fd < 0 || warden_watch(w, p->life_fd, EPOLLIN, SOURCE_LIFE, 0) == 0;
}

static int64_t read_clock(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

static int next_wait(const struct warden *w)
{
	int64_t asks = asks_deadline(w), clients = clients_deadline(w), first, wait;
	int64_t tell = tell_wait_ms(&w->tell, w->now_ms);

	first = asks < clients ? asks : clients;
	wait = first == INT64_MAX ? -1 : first > w->now_ms ? first - w->now_ms : 0;
	if (tell >= 0 && (wait < 0 || tell < wait))
		wait = tell;
	return (int)wait;
}

static void dispatch(struct warden *w, uint64_t data)
{
	unsigned int index = (unsigned int)data;

	switch ((enum source)(data >> 32)) {
	case SOURCE_UDP:
		clients_datagrams(w, index);
		break;
	case SOURCE_TCP:
		clients_connection(w, index);
		break;
	case SOURCE_STREAM:
		clients_stream(w, index);
		break;
	case SOURCE_ASK:
		asks_ready(w, index);
		break;
	case SOURCE_LIFE:
		w->has_ended = true;
		break;
	}
}

static int run(struct warden *w)
{
	struct epoll_event events[WARDEN_BATCH];

	while (!w->has_ended) {
		int n = epoll_wait(w->epoll, events, WARDEN_BATCH, next_wait(w));

		if (n < 0 && errno != EINTR)
			return WARDEN_EXIT_BROKEN;
		w->now_ms = read_clock();
		for (int i = 0; i < n; i++)
			dispatch(w, events[i].data.u64);
		asks_expire(w);
		clients_expire(w);
		tell_tick(&w->tell, w->now_ms);
	}
	tell_end(&w->tell);
	return 0;
}

int main(void)
{
	static struct warden w;
	int fds[16];

	(void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
	(void)signal(SIGPIPE, SIG_IGN);
	if (!load(&w) || !watch_all(&w))
		return WARDEN_EXIT_NO_PLAN;
	w.now_ms = read_clock();
	clients_begin(&w);
	asks_begin(&w);
	tell_begin(&w.tell, w.plan->event_fd, w.now_ms);
	if (jail_enter(fds, list_fds(&w, fds)) < 0)
		return WARDEN_EXIT_NO_JAIL;
	return run(&w);
}
