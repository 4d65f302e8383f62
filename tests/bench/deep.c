/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The deep scan of one directory as if it were a container's root, without limits: prints milliseconds, entries, files,
 * bytes, findings, and the largest resident set of the child in KiB. usage: deep DIR
 */
#include <config.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "runtime/guard/scan_parts.h"

int main(int argc, char **argv)
{
	const struct scan_limits limits = { 1 << 24, 1 << 24, 1ull << 40, 1ull << 40, 600000 };
	struct view_mount root = { .path = (char[]){ "/" }, .fd = -1 };
	struct view view = { .mounts = &root, .n_mounts = 1, .user.reads_all = true };
	struct pf_error e = PF_ERROR_INIT;
	struct inventory inv = { .n = 0 };
	struct catalogue c;
	struct rusage usage;
	int64_t begin;

	view.root_fd = argc == 2 ? open(argv[1], O_PATH | O_DIRECTORY | O_CLOEXEC) : -1;
	if (view.root_fd < 0 || catalogue_load(NULL, 0, &c, &e) < 0)
		return 1;
	begin = scan_now_ms();
	if (scan_deep(&c, &view, &limits, &inv, &e) < 0) {
		fprintf(stderr, "deep: %s\n", e.msg);
		return 1;
	}
	getrusage(RUSAGE_CHILDREN, &usage);
	printf("%lld\t%llu\t%llu\t%llu\t%zu\t%ld\n", (long long)(scan_now_ms() - begin),
	       (unsigned long long)inv.counts.entries, (unsigned long long)inv.counts.files,
	       (unsigned long long)inv.counts.bytes, inv.n, usage.ru_maxrss);
	if (inv.incomplete)
		fprintf(stderr, "deep: incomplete: %s\n", inv.incomplete);
	return 0;
}
