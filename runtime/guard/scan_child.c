/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The child that reads. It runs behind scan_jail.c, knows files as descriptors with a number, and what leaves it are
 * records of one size: kinds, lines, dates, and the names that catalogue calls public. What it looks at is hostile, so
 * every length is bounded here and nothing is kept from one file to the next.
 *
 * A text is looked at in windows that overlap by more than the longest signature: a hit counts where it begins, and one
 * that begins in the overlap is left to the next window, which sees all of it.
 */
#include <config.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "config/principal.h"
#include "runtime/guard/scan_parts.h"
#include "runtime/guard/scan_test.h"

enum {
	WINDOW = 256 << 10,
	/* a prefix whose every byte is a blank stands for eight times as many */
	OVERLAP = CATALOGUE_VALUE_MAX + 9 * CATALOGUE_TEXT_MAX,
	CONTEXT = 4, /* bytes in front that tell whether a word begins */
	HITS = (CONTEXT + OVERLAP + WINDOW) / 8, /* no signature in use is shorter */
	HEAD = 128 << 10,                        /* where fields and certificates are looked for */
	BINARY_LOOK = 4096,
	ASKED_MAX = 8, /* a file of ten thousand tokens is not parsed ten thousand times */
};

struct tally { /* of one kind in this file */
	uint32_t kind;
	bool by_content;
	unsigned int asked; /* hits whose details were looked for */
	uint64_t offset;    /* of the first hit */
	struct credential_details details;
};

static struct {
	const struct catalogue *c;
	char text[CONTEXT + OVERLAP + WINDOW];
	size_t len;   /* bytes in .text */
	uint64_t at;  /* where .text begins in the file */
	uint64_t due; /* hits before this place in the file are settled */
	struct catalogue_hit hits[HITS];
	struct tally tallies[SCAN_HITS_MAX];
	size_t n_tallies;
	bool begun, overflow, binary;
	bool program; /* no kind's file, and ELF or an archive of it */
	uint64_t read;
} child;

void scan_child_answer(const struct scan_record *r)
{
	ssize_t n;

	do
		n = send(SCAN_SOCKET, r, sizeof(*r), MSG_NOSIGNAL);
	while (n < 0 && errno == EINTR);
	if (n != (ssize_t)sizeof(*r))
		_exit(1);
}

static struct tally *tally_of(uint32_t kind)
{
	struct tally *t;

	for (size_t i = 0; i < child.n_tallies; i++)
		if (child.tallies[i].kind == kind)
			return &child.tallies[i];
	if (child.n_tallies == SCAN_HITS_MAX) {
		child.overflow = true;
		return NULL;
	}
	t = &child.tallies[child.n_tallies++];
	*t = (struct tally){ .kind = kind };
	credential_details_init(child.c->kinds[kind], &t->details);
	return t;
}

/* Files without a name of theirs hold tokens of all sorts: what a generic signature finds in a file of a kind is the kind's. */
static const struct credential_kind *whose(const struct scan_job *job,
					   const struct credential_kind *found)
{
	if (found->n_paths > 0 || found->principal.from != CREDENTIAL_FROM_JWT)
		return found;
	for (uint32_t i = 0; i < job->n_kinds; i++) {
		const struct credential_kind *k = child.c->kinds[job->kinds[i]];

		if (k->cover != CREDENTIAL_COVER_NONE)
			return k;
	}
	return found;
}

static void take_hit(const struct scan_job *job, const struct catalogue_hit *hit)
{
	const struct credential_kind *kind = whose(job, hit->kind);
	struct tally *t = tally_of(scan_kind_index(child.c, kind));

	if (!t)
		return;
	if (!t->by_content) {
		t->by_content = true;
		t->offset = child.at + hit->offset;
	}
	if (t->asked++ < ASKED_MAX)
		credential_details_of_hit(child.c, kind, child.text, child.len, hit, &t->details);
}

/* @ends: nothing follows the window, so that every hit in it is whole */
static void scan_window(const struct scan_job *job, const struct credential_kind *kind, bool ends)
{
	size_t settled = ends || child.len < OVERLAP ? child.len : child.len - OVERLAP;
	size_t n = catalogue_scan(child.c, kind, child.text, child.len, child.hits, HITS);
	uint64_t due = child.due;

	if (n > HITS) {
		child.overflow = true;
		n = HITS;
	}
	for (size_t i = 0; i < n && child.hits[i].offset < settled; i++) {
		const struct catalogue_hit *hit = &child.hits[i];

		if (child.at + hit->offset < due)
			continue;
		/* libraries carry keys for their own tests: such a key is everybody's who has the library */
		if (!child.program || !hit->signature->body)
			take_hit(job, hit);
		due = child.at + hit->offset + hit->length;
	}
	if (due < child.at + settled)
		due = child.at + settled;
	child.due = due;
}

static bool is_program(const char *text, size_t len)
{
	static const char elf[] = "\177ELF", archive[] = "!<arch>\n";

	return (len >= sizeof(elf) - 1 && memcmp(text, elf, sizeof(elf) - 1) == 0) ||
	       (len >= sizeof(archive) - 1 && memcmp(text, archive, sizeof(archive) - 1) == 0);
}

/* What the kinds that its name tells say of it, from its first bytes. */
static void look_at_head(const struct scan_job *job)
{
	size_t len = child.len < HEAD ? child.len : HEAD;

	child.begun = true;
	/* a hole in front is as good as a NUL: there are no lines */
	child.binary = child.at > 0 ||
		       memchr(child.text, '\0', len < BINARY_LOOK ? len : BINARY_LOOK) != NULL;
	child.program = job->n_kinds == 0 && child.at == 0 && is_program(child.text, len);
	for (uint32_t i = 0; i < job->n_kinds; i++) {
		struct tally *t = tally_of(job->kinds[i]);

		if (t)
			credential_details_of_file(child.c, child.c->kinds[job->kinds[i]],
						   child.text, len, &t->details);
	}
}

static void look_at_window(const struct scan_job *job, bool ends)
{
	uint64_t due = child.due;

	if (!child.begun)
		look_at_head(job);
	scan_window(job, job->n_kinds ? child.c->kinds[job->kinds[0]] : NULL, ends);
	/* a file of several kinds: the scoped signatures of each */
	for (uint32_t i = 1; i < job->n_kinds; i++) {
		child.due = due;
		scan_window(job, child.c->kinds[job->kinds[i]], ends);
	}
}

/* Keep what the next window must see again, in front of it. */
static void carry(void)
{
	size_t keep = child.len < CONTEXT + OVERLAP ? child.len : CONTEXT + OVERLAP;

	memmove(child.text, child.text + child.len - keep, keep);
	child.at += child.len - keep;
	child.len = keep;
}

/* A gap in the file, or its beginning: what lies on both sides of it is no one text. */
static void begin_at(uint64_t at)
{
	child.at = child.due = at;
	child.len = 0;
}

static ssize_t read_some(int fd, void *buf, size_t len, uint64_t at)
{
	ssize_t n;

	do
		n = pread(fd, buf, len, (off_t)at);
	while (n < 0 && errno == EINTR);
	return n;
}

/* Fill the window; false at the end of the file, of the data before a gap, or of what is to be read. */
static bool fill(int fd, uint64_t end, ssize_t *ret_error)
{
	while (child.len < sizeof(child.text) && child.at + child.len < end) {
		uint64_t at = child.at + child.len;
		size_t room = sizeof(child.text) - child.len;
		ssize_t n = read_some(fd, child.text + child.len,
				      end - at < room ? (size_t)(end - at) : room, at);

		if (n <= 0) {
			*ret_error = n;
			return false;
		}
		child.len += (size_t)n;
		child.read += (uint64_t)n;
	}
	return child.at + child.len < end;
}

/* From @from to @end, which no gap divides. */
static int scan_stretch(const struct scan_job *job, int fd, uint64_t from, uint64_t end)
{
	ssize_t error = 1;
	bool more;

	if (from != child.at + child.len) {
		child.binary |= child.begun;
		begin_at(from);
	}
	do {
		more = fill(fd, end, &error);
		look_at_window(job, !more);
		carry();
	} while (more);
	return error < 0 ? -EIO : 0;
}

/*
 * Data only: holes hold nothing, and a terabyte of them is no reason to stop. A file system that knows no holes calls
 * everything data.
 */
static uint32_t scan_data(const struct scan_job *job, int fd)
{
	uint64_t at = 0, left = job->bytes;

	while (left > 0) {
		off_t data = lseek(fd, (off_t)at, SEEK_DATA);
		off_t hole = data < 0 ? -1 : lseek(fd, data, SEEK_HOLE);
		uint64_t before = child.read, end;

		if (data < 0 && errno == ENXIO)
			return 0;
		if (data < 0 || hole <= data)
			data = (off_t)at, hole = (off_t)(at + left);
		end = (uint64_t)(hole - data) < left ? (uint64_t)hole : (uint64_t)data + left;
		if (scan_stretch(job, fd, (uint64_t)data, end) < 0)
			return SCAN_UNREADABLE;
		left -= child.read - before;
		if (child.read - before < end - (uint64_t)data)
			return 0; /* it became shorter, or ends here */
		at = end;
	}
	return SCAN_PARTIAL;
}

/* Only for files with a hit, so that all others need not be counted through; and never through more than was read. */
static uint32_t line_at(int fd, uint64_t offset)
{
	uint32_t lines = 1;

	if (offset > child.read)
		return 0;

	for (uint64_t at = 0; at < offset;) {
		ssize_t n = read_some(fd, child.text,
				      offset - at < WINDOW ? (size_t)(offset - at) : WINDOW, at);

		if (n <= 0)
			return 0;
		for (ssize_t i = 0; i < n; i++)
			lines += child.text[i] == '\n';
		at += (uint64_t)n;
	}
	return lines;
}

static void answer_tally(const struct scan_job *job, int fd, const struct tally *t)
{
	const struct credential_details *d = &t->details;
	struct scan_record r = {
		.type = SCAN_FOUND,
		.seq = job->seq,
		.flags = t->by_content ? SCAN_BY_CONTENT : 0,
		.kind = t->kind,
		.line = t->by_content && !child.binary ? line_at(fd, t->offset) : 0,
		.lifetime = d->lifetime,
		.expires = d->expires,
		.text_len = (uint32_t)d->principal_len,
	};

	memcpy(r.text, d->principal, d->principal_len);
	scan_child_answer(&r);
}

static void scan_beside(const struct scan_job *job, int fd)
{
	const struct credential_kind *kind = child.c->kinds[job->beside];
	ssize_t n = read_some(fd, child.text, HEAD < job->bytes ? HEAD : job->bytes, 0);
	struct tally *t = tally_of(job->beside);

	child.read = n > 0 ? (uint64_t)n : 0;
	credential_details_of_public_half(child.c, kind, child.text, child.read, &t->details);
	answer_tally(job, fd, t);
}

static void scan_one(const struct scan_job *job, int fd)
{
	struct scan_record done = { .type = SCAN_DONE, .seq = job->seq };

	child.n_tallies = 0;
	child.begun = child.overflow = child.binary = child.program = false;
	child.read = 0;
	begin_at(0);
	scan_test_try(job->test, job->seq);
	if (job->beside != SCAN_NO_KIND) {
		scan_beside(job, fd);
	} else {
		done.flags = scan_data(job, fd);
		for (size_t i = 0; i < child.n_tallies; i++)
			answer_tally(job, fd, &child.tallies[i]);
	}
	done.flags |= child.overflow ? SCAN_MORE : 0;
	done.bytes = child.read;
	scan_child_answer(&done);
}

/* The parent is no enemy, but a message that is not of its form means that something is badly wrong. */
static size_t receive(struct scan_job *jobs, int *fds)
{
	union {
		char bytes[CMSG_SPACE(sizeof(int) * SCAN_BATCH)];
		struct cmsghdr align;
	} control;
	struct iovec iov = { jobs, sizeof(*jobs) * SCAN_BATCH };
	struct msghdr msg = { .msg_iov = &iov,
			      .msg_iovlen = 1,
			      .msg_control = control.bytes,
			      .msg_controllen = sizeof(control.bytes) };
	struct cmsghdr *m;
	ssize_t n;
	size_t count;

	do
		n = recvmsg(SCAN_SOCKET, &msg, MSG_CMSG_CLOEXEC);
	while (n < 0 && errno == EINTR);
	if (n <= 0)
		_exit(n < 0);
	count = (size_t)n / sizeof(*jobs);
	m = CMSG_FIRSTHDR(&msg);
	if ((size_t)n % sizeof(*jobs) || (msg.msg_flags & (MSG_CTRUNC | MSG_TRUNC)) || !m ||
	    m->cmsg_type != SCM_RIGHTS || m->cmsg_len != CMSG_LEN(count * sizeof(int)))
		_exit(1);
	memcpy(fds, CMSG_DATA(m), count * sizeof(int));
	return count;
}

void scan_child(const struct catalogue *c)
{
	static struct scan_job jobs[SCAN_BATCH];
	int fds[SCAN_BATCH];

	child.c = c;
	for (;;) {
		size_t n = receive(jobs, fds);

		for (size_t i = 0; i < n; i++) {
			scan_one(&jobs[i], fds[i]);
			pf_close(fds[i]);
		}
	}
}
