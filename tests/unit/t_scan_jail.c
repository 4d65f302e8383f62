/* SPDX-License-Identifier: Apache-2.0 */
/* The child that reads files, taken over: what it tries ends it, what it lies is not believed, and the scan goes on. */
#include <config.h>

#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "runtime/guard/scan_parts.h"
#include "runtime/guard/scan_test.h"
#include "tests/unit/tap.h"

struct seen {
	unsigned int found, done, lost;
	char why[160];
	char text[PRINCIPAL_MAX + 1];
};

static struct catalogue catalogue;

static int on_record(void *ctx, const struct scan_file *f, const struct scan_record *r,
		     struct pf_error *e)
{
	struct seen *s = ctx;

	(void)f;
	(void)e;
	if (r->type == SCAN_DONE) {
		s->done++;
		return 0;
	}
	s->found++;
	memcpy(s->text, r->text, r->text_len);
	return 0;
}

static void on_lost(void *ctx, const struct scan_file *f, const char *why)
{
	struct seen *s = ctx;

	(void)f;
	s->lost++;
	snprintf(s->why, sizeof(s->why), "%s", why);
}

static int add(struct scan_reader *r, const char *text, uint32_t test, struct pf_error *e)
{
	struct scan_file f = { .beside = SCAN_NO_KIND, .test = test, .bytes = strlen(text) };

	f.path = strdup("/file");
	f.fd = memfd_create("file", MFD_CLOEXEC);
	if (!f.path || f.fd < 0 || write(f.fd, text, f.bytes) != (ssize_t)f.bytes)
		return -errno;
	f.file.size = f.bytes;
	return scan_reader_add(r, &f, e);
}

/* Three files, of which the second makes the child try @test. */
static void try_with(uint32_t test, int64_t ms, struct seen *s)
{
	const struct scan_events events = { on_record, on_lost, s };
	struct pf_error e = PF_ERROR_INIT;
	auto_reader r = NULL;

	memset(s, 0, sizeof(*s));
	CHECK_INT(scan_reader_open(&catalogue, &events, scan_now_ms() + ms, &r, &e), ==, 0);
	CHECK_INT(add(r, "nothing", SCAN_TEST_NONE, &e), ==, 0);
	CHECK_INT(add(r, "nothing", test, &e), ==, 0);
	CHECK_INT(add(r,
		      "AKIA"
		      "ABCDEFGHIJKLMNOP",
		      SCAN_TEST_NONE, &e),
		  ==, 0);
	CHECK_INT(scan_reader_flush(r, &e), ==, 0);
	CHECK_STR(e.msg, "");
}

static void what_a_reader_must_not_do_ends_it(void)
{
	for (uint32_t test = SCAN_TEST_OPEN; test <= SCAN_TEST_SETUID; test++) {
		struct seen s;

		printf("# hook %u\n", test);
		try_with(test, 20000, &s);
		CHECK_INT(s.lost, ==, 1);
		CHECK_HAS(s.why, "made a system call that it must not make");
		CHECK_INT(s.done, ==, 2);
		CHECK_INT(s.found, ==, 1);
	}
}

static void a_parser_that_crashes_costs_its_file(void)
{
	struct seen s;

	try_with(SCAN_TEST_CRASH, 20000, &s);
	CHECK_INT(s.lost, ==, 1);
	CHECK_INT(s.done, ==, 2);
	CHECK_INT(s.found, ==, 1);
}

static void memory_is_bounded(void)
{
#ifdef SCAN_SANITIZED
	/* its own address space has no bound then */
	CHECK(true);
#else
	struct seen s;

	try_with(SCAN_TEST_MEMORY, 20000, &s);
	CHECK_INT(s.lost, ==, 1);
	CHECK_INT(s.done, ==, 2);
#endif
}

static void a_reader_that_does_not_come_on_is_ended_at_the_deadline(void)
{
	int64_t begin = scan_now_ms();
	struct seen s;

	try_with(SCAN_TEST_HANG, 300, &s);
	CHECK_INT(s.done, ==, 1);
	CHECK_INT(s.lost, ==, 2);
	CHECK_STR(s.why, "the time was up");
	CHECK_INT(scan_now_ms() - begin, >=, 300);
}

static void lies_are_not_believed(void)
{
	static const uint32_t lies[] = { SCAN_TEST_LIE_FILE, SCAN_TEST_LIE_KIND, SCAN_TEST_SHORT };

	for (size_t i = 0; i < sizeof(lies) / sizeof(lies[0]); i++) {
		struct seen s;

		try_with(lies[i], 20000, &s);
		CHECK_INT(s.lost, ==, 1);
		CHECK_STR(s.why, "what its reader answered is no answer");
		CHECK_INT(s.found, ==, 1);
		CHECK_INT(s.done, ==, 2);
	}
}

/* What comes through is judged again where it is kept. */
static void a_text_from_the_reader_is_judged_again(void)
{
	static const uint32_t texts[] = { SCAN_TEST_LIE_TEXT, SCAN_TEST_LEAK };

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct scan_record r = { .type = SCAN_FOUND, .flags = SCAN_BY_CONTENT };
		struct scan_file f = { .path = strdup("/file"),
				       .file.id.ino = 1,
				       .beside = SCAN_NO_KIND };
		struct pf_error e = PF_ERROR_INIT;
		struct inventory inv = { .n = 0 };
		struct view view = { .root_fd = -EBADF };
		struct scan_results results = { &catalogue, &view, &inv };
		struct seen s;

		try_with(texts[i], 20000, &s);
		CHECK_INT(s.found, ==, 2);
		r.text_len = texts[i] == SCAN_TEST_LEAK ? 40 : 7;
		memcpy(r.text,
		       texts[i] == SCAN_TEST_LEAK ? "ghp"
						    "_0123456789abcdefghijABCDEFGHIJ012345"
						  : "a\033[2Jb\n",
		       r.text_len);
		CHECK_INT(scan_results_take(&results, &f, &r, &e), ==, 0);
		CHECK_INT(inv.n, ==, 1);
		CHECK_STR(inv.v[0].principal, NULL);
		inventory_free(&inv);
		free(f.path);
	}
}

static void readers_are_not_made_without_end(void)
{
	struct seen s = { 0 };
	const struct scan_events events = { on_record, on_lost, &s };
	struct pf_error e = PF_ERROR_INIT;
	auto_reader r = NULL;

	CHECK_INT(scan_reader_open(&catalogue, &events, scan_now_ms() + 20000, &r, &e), ==, 0);
	for (int i = 0; i < 200; i++)
		if (add(r, "x", SCAN_TEST_CRASH, &e) < 0)
			break;
	CHECK_INT(scan_reader_flush(r, &e), ==, 0);
	CHECK_INT(s.done, ==, 0);
	CHECK_INT(s.lost, ==, 200);
	CHECK_STR(s.why, "no reader was left");
}

static void descriptors_do_not_leak(void)
{
	int before = dup(0), after;
	struct seen s;

	close(before);
	try_with(SCAN_TEST_OPEN, 20000, &s);
	after = dup(0);
	close(after);
	CHECK_INT(after, ==, before);
}

int main(void)
{
	struct pf_error e = PF_ERROR_INIT;

	tap_test = "catalogue";
	CHECK_INT(catalogue_load(NULL, 0, &catalogue, &e), ==, 0);
	RUN(what_a_reader_must_not_do_ends_it);
	RUN(a_parser_that_crashes_costs_its_file);
	RUN(memory_is_bounded);
	RUN(a_reader_that_does_not_come_on_is_ended_at_the_deadline);
	RUN(lies_are_not_believed);
	RUN(a_text_from_the_reader_is_judged_again);
	RUN(readers_are_not_made_without_end);
	RUN(descriptors_do_not_leak);
	catalogue_free(&catalogue);
	return tap_done();
}
