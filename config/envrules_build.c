/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of variables that are options of what builds programs: Go, make, C compilers and linkers, Rust. */
#include <config.h>

#include <string.h>

#include "base/cleanup.h"
#include "config/envrules_parts.h"

#define DIGITS  "0123456789"
#define LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define WORD    LETTERS DIGITS "_-.,+:="
#define NUMBER  DIGITS "."

/* Go takes one dash or two. */
bool env_test_go(const struct env_policy *p, const char *value)
{
	static const struct env_allowed options[] = {
		{ "-mod=", LETTERS },   { "-buildvcs=", LETTERS }, { "-tags=", WORD },
		{ "-p=", DIGITS },      { "-count=", DIGITS },     { "-timeout=", LETTERS DIGITS },
		{ "-race", NULL },      { "-trimpath", NULL },     { "-v", NULL },
		{ "-x", NULL },         { "-modcacherw", NULL },   { "-short", NULL },
		{ "-msan", NULL },      { "-asan", NULL },         { "-cover", NULL },
		{ "-json", NULL },      { "-race=", LETTERS },     { "-trimpath=", LETTERS },
		{ "-ldflags=-", "sw" }, { "-buildmode=", WORD },   { "-compiler=gc", NULL },
	};
	struct env_word w;

	(void)p;
	for (w = env_next_word(value, NULL); w.at; w = env_next_word(value, w.at + w.len)) {
		size_t dashes = env_word_starts(w, "--") ? 1 : 0;

		if (!env_is_allowed((struct env_word){ w.at + dashes, w.len - dashes }, options,
				    ARRAY_SIZE(options)))
			return false;
	}
	return true;
}

/* The first word may be a bundle of letters without a dash. */
bool env_test_make(const struct env_policy *p, const char *value)
{
	static const struct env_allowed options[] = {
		{ "-j", DIGITS },
		{ "-l", NUMBER },
		{ "-", "skwrRBij" },
		{ "--jobs=", DIGITS },
		{ "--load-average=", NUMBER },
		{ "--no-print-directory", NULL },
		{ "--print-directory", NULL },
		{ "--silent", NULL },
		{ "--keep-going", NULL },
		{ "--output-sync", "=" LETTERS },
		{ "--no-builtin-rules", NULL },
		{ "--warn-undefined-variables", NULL },
		{ "", "skwrRB" },
		{ "", DIGITS },
	};

	(void)p;
	return env_all_allowed(value, options, ARRAY_SIZE(options));
}

/* ---- compilers */

/* What picks another program, loads a plug-in, or reads more options from a file. */
bool env_test_compiler(const struct env_policy *p, const char *value)
{
	static const char *const bad[] = {
		"@",
		"-B",
		"-fplugin",
		"-specs",
		"--specs",
		"-wrapper",
		"-fuse-ld",
		"-Xlinker",
		"-Xclang",
		"-Xpre",
		"-Xass",
		"-load",
		"-Wl,-plugin",
		"-Wl,--plugin",
		"-Wl,-dyn",
		"-Wl,--dyn",
		"-Wl,-I",
		"-Wl,@",
		"-Wl,-T",
		"-Wl,--script",
		"-T",
		"-plugin",
		"--plugin",
		"--config",
		"-fpass-plugin",
		"-ccc-",
		"-fprofile-use",
		"--ld-path",
		"-no-canonical-prefixes",
		"--prefix",
		"-dumpspecs",
		"--script",
		"-Wp,",
		"-Wa,",
	};
	struct env_word w;

	(void)p;
	if (!env_is_inert(value))
		return false;
	for (w = env_next_word(value, NULL); w.at; w = env_next_word(value, w.at + w.len))
		for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
			if (env_word_starts(w, bad[i]))
				return false;
	return true;
}

/* ---- Rust */

static const char *const codegen[] = {
	"target-cpu=",
	"target-feature=",
	"debuginfo=",
	"opt-level=",
	"lto",
	"panic=",
	"codegen-units=",
	"strip=",
	"instrument-coverage",
	"overflow-checks",
	"debug-assertions",
	"embed-bitcode",
	"relocation-model=",
	"force-frame-pointers",
	"prefer-dynamic",
	"symbol-mangling-version=",
	"split-debuginfo=",
	"relro-level=",
	"link-dead-code",
	"code-model=",
	"force-unwind-tables",
	"no-redzone",
	"control-flow-guard",
	"soft-float",
	"tune-cpu=",
};

static bool is_codegen(struct env_word w)
{
	for (size_t i = 0; i < ARRAY_SIZE(codegen); i++)
		if (env_word_starts(w, codegen[i]))
			return env_word_of(w, 0, WORD);
	return false;
}

static bool is_lint(struct env_word w)
{
	return env_word_of(w, 0, LETTERS DIGITS "_-:");
}

/* The value of an option that came as a word of its own. */
static bool is_rust_value(struct env_word option, struct env_word w)
{
	if (env_word_is(option, "-C") || env_word_is(option, "--codegen"))
		return is_codegen(w);
	if (env_word_is(option, "--cfg") || env_word_is(option, "--check-cfg"))
		return w.at[0] != '-' && w.at[0] != '@';
	return is_lint(w) && w.at[0] != '-';
}

static bool takes_value(struct env_word w)
{
	static const char *const options[] = { "-C",          "--codegen", "-A",    "-W",
					       "-D",          "-F",        "--cfg", "--check-cfg",
					       "--cap-lints", "--edition" };

	for (size_t i = 0; i < ARRAY_SIZE(options); i++)
		if (env_word_is(w, options[i]))
			return true;
	return false;
}

static bool is_rust_option(struct env_word w)
{
	static const struct env_allowed options[] = {
		{ "-g", NULL },
		{ "-O", NULL },
		{ "--cap-lints=", LETTERS },
		{ "--edition=", DIGITS },
		{ "-A", LETTERS DIGITS "_-:" },
		{ "-W", LETTERS DIGITS "_-:" },
		{ "-D", LETTERS DIGITS "_-:" },
		{ "-F", LETTERS DIGITS "_-:" },
		{ "--cfg=", WORD "\"" },
		{ "-v", NULL },
	};

	if (env_word_starts(w, "-C") && w.len > 2)
		return is_codegen((struct env_word){ w.at + 2, w.len - 2 });
	if (env_word_starts(w, "--codegen="))
		return is_codegen((struct env_word){ w.at + 10, w.len - 10 });
	return env_is_allowed(w, options, ARRAY_SIZE(options));
}

static bool test_rust(const char *value, const char *separators)
{
	struct env_word option = { NULL, 0 };

	for (const char *at = value + strspn(value, separators); *at;
	     at += strspn(at, separators)) {
		struct env_word w = { at, strcspn(at, separators) };

		at += w.len;
		if (option.at) {
			if (!is_rust_value(option, w))
				return false;
			option.at = NULL;
		} else if (takes_value(w)) {
			option = w;
		} else if (!is_rust_option(w)) {
			return false;
		}
	}
	return true;
}

bool env_test_rust(const struct env_policy *p, const char *value)
{
	(void)p;
	return test_rust(value, " ");
}

/* Cargo's own form: the words stand between bytes 0x1f. */
bool env_test_rust_encoded(const struct env_policy *p, const char *value)
{
	(void)p;
	return test_rust(value, "\x1f");
}
