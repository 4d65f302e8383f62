/* SPDX-License-Identifier: Apache-2.0 */
/*
 * subreap FILE COMMAND...: does for a test what conmon and the shims do. It becomes the subreaper, runs COMMAND, and
 * writes "PID STATUS" of every child it adopts to FILE. It ends when no child is left, with the status of COMMAND.
 */
#include <errno.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

static int status_of(int st)
{
	return WIFEXITED(st) ? WEXITSTATUS(st) : 128 + WTERMSIG(st);
}

int main(int argc, char **argv)
{
	int st, result = 127;
	pid_t command, pid;
	FILE *log;

	if (argc < 3 || prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) < 0)
		return 125;
	log = fopen(argv[1], "we");
	if (!log)
		return 125;
	command = fork();
	if (command == 0) {
		execvp(argv[2], argv + 2);
		_exit(127);
	}
	for (;;) {
		pid = wait(&st);
		if (pid < 0 && errno != EINTR)
			break;
		if (pid < 0)
			continue;
		if (pid == command) {
			result = status_of(st);
			continue;
		}
		fprintf(log, "%d %d\n", pid, status_of(st));
		fflush(log);
	}
	fclose(log);
	return result;
}
