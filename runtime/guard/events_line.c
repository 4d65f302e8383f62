/* SPDX-License-Identifier: Apache-2.0 */
/* The form of a line of events, and of the end of a record: composed and read by the same file, so that they agree. */
#include <config.h>

#include "runtime/guard/events_line.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"

#define SEQ_MEMBER   "{\"seq\":"
#define CHAIN_MEMBER ",\"chain\":\""
#define CHAIN_END    "\"}"
#define FULL_MEMBER  ",\"full\":true,\"count\":"
#define CHAIN_TAIL   (sizeof(CHAIN_MEMBER) - 1 + SHA256_HEX + sizeof(CHAIN_END) - 1)

const char event_chain_start[SHA256_HEX + 1] =
	"0000000000000000000000000000000000000000000000000000000000000000";

/* docs/events.md has this table too; a test compares them. */
const struct event_info event_infos[EVENT_TYPE_COUNT_] = {
	[EVENT_START] = { "start", "PF-E01",
			  "a container was created; from here on its policy is in force" },
	[EVENT_EXEC] = { "exec", "PF-E02", "a further process is about to run in it" },
	[EVENT_EXIT] = { "exit", "PF-E03", "the container has ended" },
	[EVENT_REFUSED] = { "refused", "PF-E04", "a container was not created" },
	[EVENT_ENV_DROPPED] = { "env.dropped", "PF-E05",
				"a variable of the first program was dropped" },
	[EVENT_ENV_POISONED] = { "env.poisoned", "PF-E06",
				 "a variable that create had not met was dropped from an exec or a hook" },
	[EVENT_CREDENTIAL_COVERED] = { "credential.covered", "PF-E07",
				       "a file, directory or socket of credentials was covered, or under `decoy` shows a fake" },
	[EVENT_CREDENTIAL_DROPPED] = { "credential.dropped", "PF-E08",
				       "a credential in a variable was dropped, or under `decoy` replaced by a fake" },
	[EVENT_CREDENTIAL_REFUSED] = { "credential.refused", "PF-E09",
				       "a credential refused a create or an exec" },
	[EVENT_PROBE] = { "probe", "PF-E10",
			  "a probe got no answer that says whether its line holds" },
	[EVENT_DROPPED] = { "dropped", "PF-E11", "events are missing here" },
};

int event_type_find(const char *name)
{
	for (int i = 0; i < EVENT_TYPE_COUNT_; i++)
		if (strcmp(event_infos[i].name, name) == 0)
			return i;
	return -1;
}

void event_text(struct pf_buf *b, const char *s, size_t max)
{
	size_t len = strlen(s), n = len < max ? len : max, at = b->len;
	char cut[EVENT_TEXT_MAX + 4];

	if (n > EVENT_TEXT_MAX)
		n = EVENT_TEXT_MAX;
	for (;;) {
		while (n > 0 && n < len && ((unsigned char)s[n] & 0xc0) == 0x80)
			n--; /* not in the middle of a character */
		snprintf(cut, sizeof(cut), "%.*s%s", (int)n, s, n < len ? "..." : "");
		pf_buf_json(b, cut);
		if (b->failed || n == 0 || b->len - at <= max + 16)
			return;
		b->len = at; /* control characters grow to six bytes */
		n /= 2;
	}
}

static void put_text(struct pf_buf *b, const char *member, const char *s)
{
	if (!s)
		return;
	pf_buf_printf(b, ",\"%s\":", member);
	event_text(b, s, EVENT_TEXT_MAX);
}

static void put_head(struct pf_buf *b, enum event_type type, const char *id, uint64_t seq)
{
	char now[PF_UTC_SIZE];

	pf_utc_now(now);
	pf_buf_printf(b, SEQ_MEMBER "%llu,\"time\":\"%s\",\"id\":", (unsigned long long)seq, now);
	event_text(b, id, EVENT_TEXT_MAX);
	pf_buf_printf(b, ",\"type\":\"%s\",\"code\":\"%s\"", event_infos[type].name,
		      event_infos[type].code);
}

static void hash(const char *before, const char *text, size_t len, char ret[SHA256_HEX + 1])
{
	struct sha256 s;

	sha256_init(&s);
	sha256_add(&s, before, SHA256_HEX);
	sha256_add(&s, text, len);
	sha256_hex(&s, ret);
}

/* @at: where the line began in @b */
static void put_chain(struct pf_buf *b, size_t at, char chain[SHA256_HEX + 1])
{
	char before[SHA256_HEX + 1];

	if (b->failed)
		return;
	memcpy(before, chain, sizeof(before));
	hash(before, b->data + at, b->len - at, chain);
	pf_buf_printf(b, CHAIN_MEMBER "%s" CHAIN_END "\n", chain);
}

void event_compose(struct pf_buf *b, const struct event *event, const char *id, uint64_t seq,
		   char chain[SHA256_HEX + 1])
{
	size_t at = b->len;

	put_head(b, event->type, id, seq);
	if (event->pid > 0)
		pf_buf_printf(b, ",\"pid\":%d", (int)event->pid);
	if (event->inside > 0)
		pf_buf_printf(b, ",\"pid_inside\":%d", (int)event->inside);
	put_text(b, "exe", event->exe);
	if (event->has_uid)
		pf_buf_printf(b, ",\"uid\":%u", event->uid);
	put_text(b, "object", event->object);
	if (event->key) {
		pf_buf_puts(b, ",\"rule\":{\"key\":");
		event_text(b, event->key, EVENT_TEXT_MAX);
		put_text(b, "entry", event->entry);
		pf_buf_puts(b, "}");
	}
	put_text(b, "why", event->why);
	pf_buf_puts(b, event->more ? event->more : "");
	if (event->count > 1)
		pf_buf_printf(b, ",\"count\":%llu", (unsigned long long)event->count);
	put_chain(b, at, chain);
}

void event_compose_full(struct pf_buf *b, uint64_t count, const char *id, uint64_t seq,
			char chain[SHA256_HEX + 1])
{
	size_t at = b->len;

	put_head(b, EVENT_DROPPED, id, seq);
	/* blanks before a number are JSON, leading zeros would not be */
	pf_buf_printf(b, ",\"why\":\"the record is full\"" FULL_MEMBER "%20llu",
		      (unsigned long long)count);
	put_chain(b, at, chain);
}

static bool is_hex(const char *s, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (!(s[i] >= '0' && s[i] <= '9') && !(s[i] >= 'a' && s[i] <= 'f'))
			return false;
	return true;
}

/* Digits at @text, none of which begins with a zero. Returns how many, 0 when there is no number. */
static size_t read_number(const char *text, size_t len, uint64_t *ret)
{
	size_t n = 0;

	*ret = 0;
	while (n < len && n < 19 && text[n] >= '0' && text[n] <= '9')
		*ret = *ret * 10 + (uint64_t)(text[n++] - '0');
	return n > 0 && text[0] == '0' ? 0 : n;
}

static const char *find(const char *text, size_t len, const char *what)
{
	return memmem(text, len, what, strlen(what));
}

/* The first `,"type":' is ours: no string before it has a bare quote. */
static int read_type(const char *text, size_t len)
{
	static const char member[] = ",\"type\":\"";
	const char *at = find(text, len, member);

	if (!at)
		return -1;
	at += sizeof(member) - 1;
	for (int i = 0; i < EVENT_TYPE_COUNT_; i++) {
		size_t n = strlen(event_infos[i].name);

		if ((size_t)(text + len - at) > n && memcmp(at, event_infos[i].name, n) == 0 &&
		    at[n] == '"')
			return i;
	}
	return -1;
}

void event_line_read(const char *text, size_t len, struct event_line *ret)
{
	const size_t head = sizeof(SEQ_MEMBER) - 1;
	const char *chain;

	*ret = (struct event_line){ .text = text, .len = len, .type = -1 };
	if (len < head + CHAIN_TAIL || memcmp(text, SEQ_MEMBER, head) != 0)
		return;
	if (read_number(text + head, len - head, &ret->seq) == 0)
		return;
	chain = text + len - CHAIN_TAIL;
	if (memcmp(chain, CHAIN_MEMBER, sizeof(CHAIN_MEMBER) - 1) != 0 ||
	    memcmp(text + len - (sizeof(CHAIN_END) - 1), CHAIN_END, sizeof(CHAIN_END) - 1) != 0)
		return;
	chain += sizeof(CHAIN_MEMBER) - 1;
	if (!is_hex(chain, SHA256_HEX))
		return;
	ret->chain = chain;
	ret->type = read_type(text, len);
}

void event_line_chain(const struct event_line *line, const char *before, char ret[SHA256_HEX + 1])
{
	hash(before, line->text, line->chain ? line->len - CHAIN_TAIL : line->len, ret);
}

/* The line that ends at @end: where it begins, and whether the tail has its beginning. */
static size_t line_start(const char *tail, size_t end)
{
	const char *nl = end > 0 ? memrchr(tail, '\n', end) : NULL;

	return nl ? (size_t)(nl - tail) + 1 : 0;
}

static uint64_t read_full(const struct event_line *line)
{
	const char *at =
		line->type == EVENT_DROPPED ? find(line->text, line->len, FULL_MEMBER) : NULL;
	uint64_t count;

	if (!at)
		return 0;
	at += sizeof(FULL_MEMBER) - 1;
	at += strspn(at, " "); /* the line ends with a brace at the latest */
	return read_number(at, (size_t)(line->text + line->len - at), &count) ? count : 0;
}

/* The line before the last, for a last line that is going to be replaced. */
static void read_before(const char *tail, size_t last, struct event_end *ret)
{
	struct event_line before;
	size_t start;

	if (last == 0) {
		ret->full = 0;
		return;
	}
	start = line_start(tail, last - 1);
	event_line_read(tail + start, last - 1 - start, &before);
	if (before.chain)
		memcpy(ret->full_chain, before.chain, SHA256_HEX);
	else
		ret->full = 0; /* then another line is written behind it */
}

int event_end_read(const char *tail, size_t len, bool is_all, struct event_end *ret)
{
	size_t end = len, start;
	struct event_line line, piece = { .len = 0 };

	memset(ret, 0, sizeof(*ret));
	ret->type = -1;
	memcpy(ret->chain, event_chain_start, sizeof(ret->chain));
	if (len == 0)
		return is_all ? 0 : -EBADMSG;
	if (tail[len - 1] == '\n')
		end--;
	else
		ret->no_newline = true;
	start = line_start(tail, end);
	event_line_read(tail + start, end - start, &line);
	if (!line.chain && ret->no_newline && end - start < EVENT_LINE_MAX) {
		piece = line;
		ret->torn = true;
		end = start ? start - 1 : 0;
		start = line_start(tail, end);
		event_line_read(tail + start, end - start, &line);
	}
	if (line.chain) {
		ret->seq = line.seq;
		ret->type = line.type;
		memcpy(ret->chain, line.chain, SHA256_HEX);
		ret->full_at = start;
		ret->full = ret->torn || ret->no_newline ? 0 : read_full(&line);
		if (ret->full)
			read_before(tail, start, ret);
	} else if (!(ret->torn && end == 0 && is_all)) {
		return -EBADMSG;
	}
	if (ret->torn) {
		char before[SHA256_HEX + 1];

		memcpy(before, ret->chain, sizeof(before));
		event_line_chain(&piece, before, ret->chain);
	}
	return 0;
}
