/* SPDX-License-Identifier: Apache-2.0 */
/*
 * org.systemd.property.NAME annotations. Their text is hostile: names are compared with a list, values are read by a small
 * reader of GVariant's text form that knows booleans, numbers, strings, and arrays of strings.
 */
#include <config.h>

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "runtime/cgroup_systemd.h"

#define PREFIX "org.systemd.property."

/*
 * What a container may say of its own scope. Not here, on purpose: what runs a program (Exec*), what pulls in, stops or
 * fails other units (Requires, Wants, Conflicts, PartOf, On*), what we set ourselves (PIDs, Slice, Delegate), and what
 * gives more than others have (weights, protected memory, devices).
 */
static const char *const allowed[] = {
	"After",
	"Before",
	"CollectMode",
	"CPUQuotaPerSecUSec",
	"CPUQuotaPeriodUSec",
	"DefaultDependencies",
	"Description",
	"Documentation",
	"FinalKillSignal",
	"KillMode",
	"KillSignal",
	"MemoryHigh",
	"MemoryMax",
	"MemorySwapMax",
	"MemoryZSwapMax",
	"OOMPolicy",
	"RuntimeMaxUSec",
	"SendSIGHUP",
	"SendSIGKILL",
	"TasksMax",
	"TimeoutStopUSec",
};

static bool is_allowed(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(allowed); i++)
		if (strcmp(allowed[i], name) == 0)
			return true;
	return false;
}

/* Letters, the first a capital, as all of systemd's are. */
static bool is_name(const char *s)
{
	if (!(*s >= 'A' && *s <= 'Z'))
		return false;
	for (; *s; s++)
		if (!((*s >= 'A' && *s <= 'Z') || (*s >= 'a' && *s <= 'z')))
			return false;
	return true;
}

/* ---- values ---- */

static const char *skip_space(const char *s)
{
	return s + strspn(s, " \t");
}

/* 'text' or "text" with \' \" \\ ; the end of what was read in *end */
static int read_text(const char *s, char **end, struct pf_buf *out)
{
	char quote = *s;

	if (quote != '\'' && quote != '"')
		return -EINVAL;
	for (s++; *s != quote; s++) {
		if (*s == '\\' && !(s[1] == '\'' || s[1] == '"' || s[1] == '\\'))
			return -EINVAL; /* other escapes: nobody needs them in a unit's property */
		s += *s == '\\';
		if ((unsigned char)*s < ' ')
			return -EINVAL;
		pf_buf_add(out, s, 1);
	}
	*end = (char *)(uintptr_t)(s + 1);
	pf_buf_add(out, "", 1);
	return 0;
}

static int read_list(const char *s, struct pf_buf *out)
{
	char *end;

	s = skip_space(s + 1);
	while (*s != ']') {
		STEP(read_text(s, &end, out));
		s = skip_space(end);
		if (*s != ',' && *s != ']')
			return -EINVAL;
		if (*s == ',')
			s = skip_space(s + 1);
	}
	return *skip_space(s + 1) ? -EINVAL : 0;
}

static const struct number_type {
	const char *word, *type;
	int64_t min;
	uint64_t max;
} number_types[] = {
	{ "byte ", "y", 0, UINT8_MAX },    { "int16 ", "n", INT16_MIN, INT16_MAX },
	{ "uint16 ", "q", 0, UINT16_MAX }, { "int32 ", "i", INT32_MIN, INT32_MAX },
	{ "uint32 ", "u", 0, UINT32_MAX }, { "int64 ", "x", INT64_MIN, INT64_MAX },
	{ "uint64 ", "t", 0, UINT64_MAX }, { "handle ", "", 0, 0 },
	{ "double ", "d", 0, 0 },          { "", "i", INT32_MIN, INT32_MAX },
};

static int read_double(const char *s, struct unit_property *v)
{
	char *end;

	errno = 0;
	v->d = strtod(s, &end);
	memcpy(v->type, "d", 2);
	return end == s || *skip_space(end) || errno || !isfinite(v->d) ? -EINVAL : 0;
}

static int read_number(const char *s, struct unit_property *v)
{
	const struct number_type *t = number_types;
	char *end;

	while (strncmp(s, t->word, strlen(t->word)) != 0)
		t++;
	s = skip_space(s + strlen(t->word));
	if (strcmp(t->type, "d") == 0 || (!*t->word && strpbrk(s, ".eE") && !strpbrk(s, "xX")))
		return read_double(s, v);
	if (!*t->type || !(*s == '-' || (*s >= '0' && *s <= '9')) || (*s == '-' && t->min == 0))
		return -EINVAL;
	errno = 0;
	if (t->min < 0) {
		v->i = strtoll(s, &end, 0);
		if (v->i < t->min || v->i > (int64_t)t->max)
			return -ERANGE;
	} else {
		v->u = strtoull(s, &end, 0);
		if (v->u > t->max)
			return -ERANGE;
	}
	memcpy(v->type, t->type, 2);
	return errno || *skip_space(end) ? -EINVAL : 0;
}

static int read_value(const char *s, struct unit_property *v, struct pf_buf *text)
{
	char *end;

	s = skip_space(s);
	if (strncmp(s, "true", 4) == 0 || strncmp(s, "false", 5) == 0) {
		memcpy(v->type, "b", 2);
		v->u = *s == 't';
		return *skip_space(s + (*s == 't' ? 4 : 5)) ? -EINVAL : 0;
	}
	if (*s == '\'' || *s == '"') {
		memcpy(v->type, "s", 2);
		STEP(read_text(s, &end, text));
		return *skip_space(end) ? -EINVAL : 0;
	}
	if (strncmp(s, "@as", 3) == 0) {
		s = skip_space(s + 3);
		if (*s != '[')
			return -EINVAL;
	}
	if (*s == '[') {
		memcpy(v->type, "as", 3);
		return read_list(s, text);
	}
	return read_number(s, v);
}

/* ---- names ---- */

/* "TimeoutStopSec" with a number of seconds is written for unit files; D-Bus knows TimeoutStopUSec in microseconds. */
static int seconds_to_us(char *name, size_t size, struct unit_property *v)
{
	size_t len = strlen(name);
	double s;

	if (len < 4 || strcmp(name + len - 3, "Sec") != 0 || name[len - 4] == 'U')
		return 0;
	if (v->type[1] || !strchr("ynqiuxtd", v->type[0]))
		return -EINVAL;
	if (strchr("nix", v->type[0]))
		s = (double)v->i;
	else
		s = v->type[0] == 'd' ? v->d : (double)v->u;
	if (s < 0 || s > 1e12 || len + 2 > size)
		return -EINVAL;
	memcpy(name + len - 3, "USec", 5);
	memcpy(v->type, "t", 2);
	v->u = (uint64_t)(s * 1e6);
	return 0;
}

static int add_annotation(const char *key, const char *value, struct unit_properties *p,
			  struct pf_error *e)
{
	struct unit_property v = { 0 }, *new;
	auto_buf text = { 0 };
	char name[sizeof(v.name)];

	if (cgroup_copy(name, sizeof(name), key + strlen(PREFIX)) < 0 || !is_name(name))
		return pf_fail(e, PF_ERR_CONFIG, 0,
			       "/annotations/%.150s: is not the name of a systemd property", key);
	if (read_value(value, &v, &text) < 0 || seconds_to_us(name, sizeof(name), &v) < 0)
		return pf_fail(
			e, PF_ERR_CONFIG, 0,
			"/annotations/%.100s: `%.100s' is no value in GVariant's text form (\"true\", \"uint64 5\", \"'text'\", \"['a', 'b']\")",
			key, value);
	if (!is_allowed(name))
		return pf_fail(
			e, PF_ERR_CONFIG, 0,
			"/annotations/%.100s: `%.60s' is not among the properties that a container may set on its scope",
			key, name);
	if (v.type[0] == 's') {
		properties_add_text(p, name, text.data);
	} else if (v.type[0] == 'a') {
		properties_add_bytes(p, name, v.type, text.data ? text.data : "", text.len);
	} else {
		new = properties_add(p, name, v.type);
		new->u = v.u;
	}
	return p->failed || text.failed ? pf_fail_sys(e, ENOMEM, "/annotations/%.100s", key) : 0;
}

int properties_of_annotations(const struct oci_config *config, struct unit_properties *p,
			      struct pf_error *e)
{
	for (size_t i = 0; i < config->annotations.n; i++) {
		const struct oci_pair *a = &config->annotations.v[i];

		if (strncmp(a->key, PREFIX, strlen(PREFIX)) == 0)
			STEP(add_annotation(a->key, a->value, p, e));
	}
	return 0;
}
