/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The scan by names of a running container, as its create made it: prints microseconds and page faults of loading the
 * catalogue, of seeing which mounts there are, and of looking; then look-ups and findings. The variables are this
 * program's own. usage: names PID HOME
 */
#include <config.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "base/io.h"
#include "runtime/guard/catalogue_load.h"
#include "runtime/guard/scan.h"

struct mark {
	int64_t ns;
	long faults;
};

static struct mark now(void)
{
	struct rusage usage;
	struct timespec t;

	getrusage(RUSAGE_SELF, &usage);
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (struct mark){ t.tv_sec * INT64_C(1000000000) + t.tv_nsec, usage.ru_minflt };
}

static void print(struct mark from, struct mark to)
{
	printf("%lld\t%ld\t", (long long)(to.ns - from.ns) / 1000, to.faults - from.faults);
}

int main(int argc, char **argv)
{
	struct oci_strings env = { environ, 0 };
	struct inventory inv = { .n = 0 };
	struct pf_error e = PF_ERROR_INIT;
	struct catalogue c;
	struct view view;
	struct mark at[4];
	char path[64], *mounts;
	size_t len;
	int root;

	if (argc != 3)
		return 2;
	while (environ[env.n])
		env.n++;
	(void)snprintf(path, sizeof(path), "/proc/%s/root", argv[1]);
	root = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	(void)snprintf(path, sizeof(path), "/proc/%s/mountinfo", argv[1]);
	if (root < 0 || pf_read_file_at(AT_FDCWD, path, 1 << 20, &mounts, &len, &e) < 0)
		return 1;
	at[0] = now();
	if (catalogue_load_host(&c, &e) < 0)
		goto failed;
	at[1] = now();
	if (view_of_root(root, mounts, &view, &e) < 0)
		goto failed;
	at[2] = now();
	if (scan_names(&(struct scan_names){ &c, &view, &env, argv[2], "/", NULL }, &inv, &e) < 0)
		goto failed;
	at[3] = now();
	for (int i = 0; i < 3; i++)
		print(at[i], at[i + 1]);
	printf("%llu\t%zu\n", (unsigned long long)inv.counts.lookups, inv.n);
	if (inv.incomplete)
		fprintf(stderr, "names: incomplete: %s\n", inv.incomplete);
	return 0;
failed:
	fprintf(stderr, "names: %s\n", e.msg);
	return 1;
}
