/* SPDX-License-Identifier: Apache-2.0 */
/* The record of events: its lines and their chain, what a crash leaves, its bound, many writers at once. */
#include <config.h>

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/json.h"
#include "runtime/guard/events.h"
#include "tests/unit/tap.h"

static int dir_fd = -EBADF;
static char dir_path[] = "/tmp/pinfold-events-XXXXXX";
static struct events_place place = { .dir = "dir", .name = "r", .id = "c1" };

static void open_dir(void)
{
	if (!mkdtemp(dir_path))
		exit(99);
	dir_fd = open(dir_path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	place.dir_fd = dir_fd;
}

static void forget(void)
{
	(void)unlinkat(dir_fd, "r", 0);
	(void)unlinkat(dir_fd, "r.1", 0);
	place.max_bytes = 0;
}

static int append(enum events_mode mode, const struct event *event, struct pf_error *e)
{
	struct events ev;

	STEP(events_open(&place, mode, &ev, e));
	events_add(&ev, event);
	return events_commit(&ev, e);
}

static int add(enum event_type type)
{
	struct pf_error e = PF_ERROR_INIT;
	int ret = append(EVENTS_APPEND, &(struct event){ .type = type, .object = "x" }, &e);

	if (ret < 0)
		printf("# %s\n", e.msg);
	return ret;
}

static char *content(size_t *len)
{
	struct pf_error e = PF_ERROR_INIT;
	char *text = NULL;

	if (pf_read_file_at(dir_fd, "r", 64 << 20, &text, len, &e) < 0)
		exit(98);
	return text;
}

static void write_raw(const char *text, size_t len)
{
	auto_fd fd = openat(dir_fd, "r", O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);

	if (write(fd, text, len) != (ssize_t)len)
		exit(97);
}

/* How many lines are chained from the first on; a piece counts for none. */
static size_t chained(const char *text, size_t len, bool *whole)
{
	char chain[SHA256_HEX + 1];
	size_t lines = 0;

	memcpy(chain, event_chain_start, sizeof(chain));
	*whole = len == 0 || text[len - 1] == '\n';
	for (size_t at = 0; at < len;) {
		const char *nl = memchr(text + at, '\n', len - at);
		size_t n = nl ? (size_t)(nl - text) - at : len - at;
		struct event_line line;
		char want[SHA256_HEX + 1];

		event_line_read(text + at, n, &line);
		event_line_chain(&line, chain, want);
		if (line.chain && memcmp(line.chain, want, SHA256_HEX) != 0)
			*whole = false;
		if (line.chain && line.seq != ++lines)
			*whole = false;
		memcpy(chain, want, sizeof(chain));
		at += n + 1;
	}
	return lines;
}

static size_t whole_lines(void)
{
	bool whole;
	size_t len, n;
	auto_free char *text = content(&len);

	n = chained(text, len, &whole);
	return whole ? n : 0;
}

static void lines_are_json_and_chained(void)
{
	auto_free char *text = NULL;
	struct pf_error e = PF_ERROR_INIT;
	struct json_doc *doc = NULL;
	size_t len;
	struct event event = { .type = EVENT_EXEC,
			       .pid = 47,
			       .inside = 2,
			       .has_uid = true,
			       .exe = "/bin/x",
			       .object = "NAME",
			       .key = "env",
			       .entry = "scrub",
			       .why = "because",
			       .more = ",\"tty\":true",
			       .count = 3 };

	forget();
	CHECK_INT(append(EVENTS_BEGIN, &event, &e), ==, 0);
	CHECK_INT(add(EVENT_EXIT), ==, 0);
	CHECK_INT(whole_lines(), ==, 2);
	text = content(&len);
	CHECK_INT(json_parse(text, strcspn(text, "\n"), NULL, &doc, &e), ==, 0);
	CHECK_INT(json_integer(json_root(doc), "seq", 0), ==, 1);
	CHECK_STR(json_text(json_root(doc), "code", ""), "PF-E02");
	CHECK_HAS(text, "\"id\":\"c1\",\"type\":\"exec\",\"code\":\"PF-E02\",\"pid\":47,"
			"\"pid_inside\":2,\"exe\":\"/bin/x\",\"uid\":0,\"object\":\"NAME\","
			"\"rule\":{\"key\":\"env\",\"entry\":\"scrub\"},\"why\":\"because\","
			"\"tty\":true,\"count\":3,\"chain\":\"");
	json_free(doc);
}

static void hostile_words_stay_words(void)
{
	static char longest[70000];
	auto_buf b = { 0 };
	char chain[SHA256_HEX + 1];
	struct event event = { .type = EVENT_ENV_DROPPED,
			       .object = "a\"},\n{\"seq\":9\x1b[2J\xff" };
	struct pf_error e = PF_ERROR_INIT;
	struct json_doc *doc = NULL;

	memcpy(chain, event_chain_start, sizeof(chain));
	event_compose(&b, &event, "c1", 1, chain);
	CHECK(memchr(b.data, '\n', b.len) == b.data + b.len - 1);
	CHECK(!memchr(b.data, 0x1b, b.len));
	CHECK_INT(json_parse(b.data, b.len, NULL, &doc, &e), ==, 0);
	CHECK_STR(json_text(json_root(doc), "object", ""), "a\"},\n{\"seq\":9\x1b[2J\xef\xbf\xbd");
	json_free(doc);
	pf_buf_free(&b);

	memset(longest, 1, sizeof(longest) - 1); /* six bytes each */
	event = (struct event){ .type = EVENT_CREDENTIAL_REFUSED,
				.pid = 4000000,
				.inside = 4000000,
				.has_uid = true,
				.uid = UINT32_MAX,
				.exe = longest,
				.object = longest,
				.key = longest,
				.entry = longest,
				.why = longest,
				.count = UINT64_MAX };
	event_compose(&b, &event, longest, UINT64_MAX, chain);
	CHECK_INT(b.len, <, EVENT_LINE_MAX / 2);
	CHECK_INT(json_parse(b.data, b.len, NULL, &doc, &e), ==, 0);
	json_free(doc);
}

static void a_text_is_cut_between_characters(void)
{
	auto_buf b = { 0 };

	event_text(&b, "\xc3\xa4\xc3\xb6\xc3\xbc", 6);
	CHECK_STR(b.data, "\"\xc3\xa4\xc3\xb6\xc3\xbc\"");
	pf_buf_free(&b);
	event_text(&b, "\xc3\xa4\xc3\xb6\xc3\xbc", 3);
	CHECK_STR(b.data, "\"\xc3\xa4...\"");
}

static void a_torn_line_is_ended_and_told_of(void)
{
	auto_free char *text = NULL;
	const char piece[] = "{\"seq\":3,\"time\":\"2026-";
	size_t len;

	forget();
	CHECK_INT(add(EVENT_START), ==, 0);
	CHECK_INT(add(EVENT_EXEC), ==, 0);
	write_raw(piece, strlen(piece));
	CHECK_INT(add(EVENT_EXEC), ==, 0);
	CHECK_INT(whole_lines(), ==, 4);
	text = content(&len);
	CHECK_HAS(text, "2026-\n{\"seq\":3,");
	CHECK_HAS(
		text,
		"\"type\":\"dropped\",\"code\":\"PF-E11\",\"why\":\"the line before was cut off\"");
}

static void a_torn_first_line_is_told_of(void)
{
	forget();
	write_raw("{\"se", 4);
	CHECK_INT(add(EVENT_EXEC), ==, 0);
	CHECK_INT(whole_lines(), ==, 2);
}

static void a_line_without_its_newline_is_whole(void)
{
	auto_free char *text = NULL;
	size_t len;

	forget();
	CHECK_INT(add(EVENT_START), ==, 0);
	text = content(&len);
	{
		auto_fd fd = openat(dir_fd, "r", O_WRONLY | O_CLOEXEC);

		CHECK_INT(ftruncate(fd, (off_t)len - 1), ==, 0);
	}
	CHECK_INT(add(EVENT_EXIT), ==, 0);
	CHECK_INT(whole_lines(), ==, 2);
}

static void what_is_no_record_refuses_and_is_left_alone(void)
{
	struct pf_error e = PF_ERROR_INIT;
	auto_free char *text = NULL;
	size_t len;

	forget();
	write_raw("not ours\n", 9);
	CHECK_INT(append(EVENTS_APPEND, &(struct event){ .type = EVENT_EXEC }, &e), ==, -EBADMSG);
	CHECK_INT(e.kind, ==, PF_ERR_HOST);
	CHECK_HAS(e.msg, "the record of events `dir/r' does not end with a line of ours");
	text = content(&len);
	CHECK_STR(text, "not ours\n");
	/* a new container does not suffer for it */
	CHECK_INT(append(EVENTS_BEGIN, &(struct event){ .type = EVENT_START }, &e), ==, 0);
	CHECK_INT(whole_lines(), ==, 1);
	CHECK_INT(faccessat(dir_fd, "r.1", F_OK, 0), ==, 0);
}

static void a_file_that_others_can_write_refuses(void)
{
	struct pf_error e = PF_ERROR_INIT;

	forget();
	CHECK_INT(add(EVENT_START), ==, 0);
	CHECK_INT(fchmodat(dir_fd, "r", 0622, 0), ==, 0);
	CHECK_INT(append(EVENTS_APPEND, &(struct event){ .type = EVENT_EXEC }, &e), <, 0);
	CHECK_HAS(e.msg, "that nobody else can write");
	forget();
	CHECK_INT(symlinkat("/dev/null", dir_fd, "r"), ==, 0);
	CHECK_INT(append(EVENTS_APPEND, &(struct event){ .type = EVENT_EXEC }, &e), <, 0);
	forget();
	CHECK_INT(mkfifoat(dir_fd, "r", 0600), ==, 0);
	CHECK_INT(append(EVENTS_APPEND, &(struct event){ .type = EVENT_EXEC }, &e), <, 0);
	forget();
}

static void a_full_record_counts_what_it_loses(void)
{
	auto_free char *text = NULL;
	size_t len, lines, before;

	forget();
	place.max_bytes = 4096;
	CHECK_INT(add(EVENT_START), ==, 0);
	for (int i = 0; i < 200; i++)
		if (add(EVENT_EXEC) < 0)
			CHECK(false);
	text = content(&len);
	CHECK_INT(len, <, 4096 + 1024);
	lines = whole_lines();
	CHECK_INT(lines, >, 3);
	CHECK_HAS(text, "\"why\":\"the record is full\",\"full\":true,\"count\":");
	CHECK_INT(strtoll(strstr(text, "\"count\":") + 8, NULL, 10), ==,
		  201 - (long long)(lines - 1));
	before = len;
	/* the end still fits, and what is lost after it is counted in a line of its own */
	CHECK_INT(add(EVENT_EXIT), ==, 0);
	CHECK_INT(whole_lines(), ==, lines + 1);
	CHECK_INT(add(EVENT_EXEC), ==, 0);
	CHECK_INT(add(EVENT_EXEC), ==, 0);
	CHECK_INT(whole_lines(), ==, lines + 2);
	free(pf_take_ptr(&text));
	text = content(&len);
	CHECK_HAS(text + before, "\"full\":true,\"count\":                   2");
}

static void a_new_container_begins_anew_behind_a_large_record(void)
{
	struct pf_error e = PF_ERROR_INIT;

	forget();
	place.max_bytes = 4096;
	for (int i = 0; i < 30; i++)
		if (add(EVENT_EXEC) < 0)
			CHECK(false);
	CHECK_INT(append(EVENTS_BEGIN, &(struct event){ .type = EVENT_START }, &e), ==, 0);
	CHECK_INT(whole_lines(), ==, 1);
	/* a small one goes on */
	CHECK_INT(append(EVENTS_BEGIN, &(struct event){ .type = EVENT_START }, &e), ==, 0);
	CHECK_INT(whole_lines(), ==, 2);
}

static void many_events_at_once_are_one_write(void)
{
	struct pf_error e = PF_ERROR_INIT;
	struct events ev;

	forget();
	CHECK_INT(events_open(&place, EVENTS_BEGIN, &ev, &e), ==, 0);
	CHECK_INT(events_last(&ev), ==, -1);
	for (int i = 0; i < 300; i++)
		events_add(&ev, &(struct event){ .type = EVENT_ENV_DROPPED, .object = "x" });
	CHECK_INT(events_commit(&ev, &e), ==, 0);
	CHECK_INT(whole_lines(), ==, 300);
	CHECK_INT(events_open(&place, EVENTS_APPEND, &ev, &e), ==, 0);
	CHECK_INT(events_last(&ev), ==, EVENT_ENV_DROPPED);
	events_close(&ev);
}

static void twenty_writers_lose_nothing(void)
{
	enum { WRITERS = 20, EACH = 25 };
	pid_t pids[WRITERS];
	bool good = true;

	forget();
	fflush(stdout);
	for (int i = 0; i < WRITERS; i++) {
		pids[i] = fork();
		if (pids[i] == 0) {
			for (int j = 0; j < EACH; j++)
				if (add(EVENT_EXEC) < 0)
					_exit(1);
			_exit(0);
		}
	}
	for (int i = 0; i < WRITERS; i++) {
		int status = 1;

		good = good && waitpid(pids[i], &status, 0) == pids[i] && status == 0;
	}
	CHECK(good);
	CHECK_INT(whole_lines(), ==, WRITERS * EACH);
}

/* A container's name is used again while one who waits for the old record gets its lock. */
static void a_record_that_moves_away_is_opened_again(void)
{
	struct pf_error e = PF_ERROR_INIT;
	struct events ev;
	int status = 1;
	pid_t pid;

	forget();
	CHECK_INT(add(EVENT_START), ==, 0);
	CHECK_INT(events_open(&place, EVENTS_APPEND, &ev, &e), ==, 0);
	fflush(stdout);
	pid = fork();
	if (pid == 0) {
		events_close(&ev); /* the lock is the parent's as long as it holds it */
		_exit(add(EVENT_EXEC) == 0 ? 0 : 1);
	}
	CHECK_INT(renameat(dir_fd, "r", dir_fd, "r.1"), ==, 0);
	events_close(&ev);
	CHECK_INT(waitpid(pid, &status, 0), ==, pid);
	CHECK_INT(status, ==, 0);
	CHECK_INT(whole_lines(), ==, 1);
}

static void every_type_has_a_name_and_a_code(void)
{
	for (int i = 0; i < EVENT_TYPE_COUNT_; i++) {
		char code[16];

		snprintf(code, sizeof(code), "PF-E%02d", i + 1);
		CHECK_STR(event_infos[i].code, code);
		CHECK_INT(event_type_find(event_infos[i].name), ==, i);
	}
	CHECK_INT(event_type_find("nothing"), ==, -1);
}

/* docs/events.md has a row for each type, with the very words of the code. */
static void the_page_has_each_type(void)
{
	const char *top = getenv("abs_srcdir");
	struct pf_error e = PF_ERROR_INIT;
	auto_free char *page = NULL;
	auto_fd dir = open(top ? top : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	size_t len = 0, rows = 0;

	CHECK_INT(pf_read_file_at(dir, "docs/events.md", 1 << 20, &page, &len, &e), ==, 0);
	for (int i = 0; page && i < EVENT_TYPE_COUNT_; i++) {
		char row[256];

		snprintf(row, sizeof(row), "\n| `%s` | %s | %s |\n", event_infos[i].name,
			 event_infos[i].code, event_infos[i].doc);
		CHECK_HAS(page, row);
	}
	for (const char *at = page; at && (at = strstr(at, " | PF-E")); at++)
		rows++;
	CHECK_INT(rows, ==, EVENT_TYPE_COUNT_);
}

int main(void)
{
	open_dir();
	RUN(lines_are_json_and_chained);
	RUN(hostile_words_stay_words);
	RUN(a_text_is_cut_between_characters);
	RUN(a_torn_line_is_ended_and_told_of);
	RUN(a_torn_first_line_is_told_of);
	RUN(a_line_without_its_newline_is_whole);
	RUN(what_is_no_record_refuses_and_is_left_alone);
	RUN(a_file_that_others_can_write_refuses);
	RUN(a_full_record_counts_what_it_loses);
	RUN(a_new_container_begins_anew_behind_a_large_record);
	RUN(many_events_at_once_are_one_write);
	RUN(twenty_writers_lose_nothing);
	RUN(a_record_that_moves_away_is_opened_again);
	RUN(every_type_has_a_name_and_a_code);
	RUN(the_page_has_each_type);
	forget();
	(void)rmdir(dir_path);
	return tap_done();
}
