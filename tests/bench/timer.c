/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Time several commands against each other. Each round runs every command once, in an order drawn anew, so that whatever
 * slows the machine for a while slows all of them, and none always follows the same neighbour. Time is from before the
 * vfork to the end of the command as wait4 reports it, on the monotonic clock.
 *
 * usage: timer [-n ROUNDS] [-w WARM-UP] [-g GAP-MS] FILE
 * FILE has one command a line: NAME, a tab, words with single blanks between them. One line a command is printed:
 * NAME, rounds, failures, then in microseconds minimum, first decile, median, last decile, mean; then the peak memory in
 * KiB of the largest process, and the median of the processor time of all of them; by tabs.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { MAX_COMMANDS = 32, MAX_WORDS = 64 };

struct command {
	char *name;
	char *argv[MAX_WORDS];
	double *took, *cpu;
	int failed;
	long max_rss;
};

static struct command commands[MAX_COMMANDS];
static int n_commands;

static void die(const char *what)
{
	perror(what);
	exit(1);
}

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static void read_commands(const char *path, int rounds)
{
	FILE *f = fopen(path, "re");
	char *line = NULL, *word, *rest;
	size_t size = 0;

	if (!f)
		die(path);
	while (getline(&line, &size, f) > 0 && n_commands < MAX_COMMANDS) {
		struct command *c = &commands[n_commands++];
		int n = 0;

		line[strcspn(line, "\n")] = '\0';
		c->name = strtok_r(line, "\t", &rest);
		while (n < MAX_WORDS - 1 && (word = strtok_r(NULL, " ", &rest)))
			c->argv[n++] = word;
		c->took = calloc((size_t)rounds, sizeof(*c->took));
		c->cpu = calloc((size_t)rounds, sizeof(*c->cpu));
		if (!c->took || !c->cpu || n == 0)
			die("timer: a line without a command");
		line = NULL;
	}
	free(line);
	fclose(f);
}

/* Returns the microseconds that it took; adds to what the command has used and failed. */
static double run(struct command *c, int null, double *cpu)
{
	struct rusage use;
	double start = now();
	int status;
	pid_t pid = vfork();

	if (pid < 0)
		die("vfork");
	if (pid == 0) {
		if (dup2(null, 0) < 0 || dup2(null, 1) < 0)
			_exit(127);
		execv(c->argv[0], c->argv);
		_exit(127);
	}
	while (wait4(pid, &status, 0, &use) < 0)
		if (errno != EINTR)
			die("wait4");
	start = now() - start;
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
		c->failed++;
	*cpu = (double)(use.ru_utime.tv_sec + use.ru_stime.tv_sec) * 1e6 +
	       (double)(use.ru_utime.tv_usec + use.ru_stime.tv_usec);
	if (use.ru_maxrss > c->max_rss)
		c->max_rss = use.ru_maxrss;
	return start;
}

static void one_round(int round, long gap_ms, int null)
{
	struct timespec gap = { .tv_sec = gap_ms / 1000, .tv_nsec = gap_ms % 1000 * 1000000 };
	int order[MAX_COMMANDS], i, j, swap;

	for (i = 0; i < n_commands; i++)
		order[i] = i;
	for (i = n_commands - 1; i > 0; i--) {
		j = rand() % (i + 1);
		swap = order[i];
		order[i] = order[j];
		order[j] = swap;
	}
	for (i = 0; i < n_commands; i++) {
		struct command *c = &commands[order[i]];
		double took, cpu;

		if (gap_ms)
			nanosleep(&gap, NULL);
		took = run(c, null, &cpu);
		if (round >= 0) {
			c->took[round] = took;
			c->cpu[round] = cpu;
		}
	}
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double median(const double *sorted, int n)
{
	return n % 2 ? sorted[n / 2] : (sorted[n / 2 - 1] + sorted[n / 2]) / 2;
}

static void print(struct command *c, int n)
{
	double sum = 0;
	int i;

	qsort(c->took, (size_t)n, sizeof(*c->took), compare);
	qsort(c->cpu, (size_t)n, sizeof(*c->cpu), compare);
	for (i = 0; i < n; i++)
		sum += c->took[i];
	printf("%s\t%d\t%d\t%.0f\t%.0f\t%.0f\t%.0f\t%.0f\t%ld\t%.0f\n", c->name, n, c->failed,
	       c->took[0], c->took[n / 10], median(c->took, n), c->took[n - 1 - n / 10], sum / n,
	       c->max_rss, median(c->cpu, n));
}

int main(int argc, char **argv)
{
	int option, i, rounds = 100, warm_up = 5, null;
	long gap_ms = 0;

	while ((option = getopt(argc, argv, "n:w:g:")) != -1) {
		if (option == 'n')
			rounds = atoi(optarg);
		else if (option == 'w')
			warm_up = atoi(optarg);
		else if (option == 'g')
			gap_ms = atol(optarg);
		else
			return 2;
	}
	if (optind != argc - 1 || rounds < 1)
		return 2;
	read_commands(argv[optind], rounds);
	null = open("/dev/null", O_RDWR | O_CLOEXEC);
	if (null < 0)
		die("/dev/null");
	for (i = -warm_up; i < rounds; i++) {
		if (i == 0) /* what went wrong while caches filled does not count */
			for (int k = 0; k < n_commands; k++)
				commands[k].failed = 0;
		one_round(i, gap_ms, null);
	}
	for (i = 0; i < n_commands; i++)
		print(&commands[i], rounds);
	return 0;
}
