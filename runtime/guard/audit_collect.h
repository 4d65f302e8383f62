/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PF_GUARD_AUDIT_COLLECT_H
#define PF_GUARD_AUDIT_COLLECT_H

#include "config/oci.h"
#include "config/policy.h"
#include "runtime/guard/audit.h"
#include "runtime/guard/scan.h"

/*
 * The audit's eyes. Everything here only reads: procfs, the container's tree through its root, the records of runtimes.
 * A process is named by its id and start time, and asked for both before and after it was looked at: what was read
 * belongs to one process.
 */

enum { AUDIT_HOST_DIRS = 10, AUDIT_PROCESSES_MAX = 256 };

struct audit_host {                      /* what is the host's own, to be compared with */
	int proc_fd;                     /* owned */
	uint64_t ns[2][AUDIT_NS_COUNT_]; /* of process 1, as far as we may ask, and our own */
	struct {
		const char *path;
		uint64_t dev, ino;
	} dirs[AUDIT_HOST_DIRS]; /* who writes there changes what the host runs */
};

int audit_host_open(struct audit_host *ret, struct pf_error *e);
void audit_host_close(struct audit_host *h);

struct audit_list { /* `egress' or `listen' */
	bool present;
	const char **v; /* owned; the texts are the audit's */
	size_t n;
};

struct audit_lists { /* those that are in force */
	struct audit_list egress, listen;
};

struct audit_task { /* one container, as far as its record tells */
	const struct audit_host *host;
	const struct scan_limits *limits; /* NULL: names only */
	const struct oci_config *config;  /* NULL: unknown */
	const struct audit_lists *lists;  /* NULL: none, as of another runtime */
	uint64_t start_time;              /* of the container's pid; 0: not recorded */
	bool created; /* its process still waits: the environment is config.json's */
};

/**
 * audit_look() - at a container whose record is in @c
 * @c:	id, runtime, record, bundle and pid are set; pid 0: through its bundle
 *
 * Errors:	PF_ERR_SYS where its process or tree cannot be looked at. What has been found is kept.
 */
int audit_look(struct audit *a, struct audit_container *c, const struct audit_task *task,
	       struct pf_error *e);

/* Its parts. */
/** audit_process_is() - @pid still is the process that started then; 0: any */
bool audit_process_is(pid_t pid, uint64_t start_time);
/** audit_namespaces() - of @c->pid */
int audit_namespaces(const struct audit_host *h, struct audit_container *c, struct pf_error *e);
/** audit_environments() - the environment and arguments of each process of the container, into the inventory */
int audit_environments(struct audit *a, struct audit_container *c, const struct audit_task *task,
		       struct pf_error *e);
/** audit_redirects() - what in @env leads elsewhere; @of is kept */
void audit_redirects(struct audit *a, struct audit_container *c, const struct oci_strings *env,
		     const char *of);
/** audit_read_proc() - a file of /proc/PID; free @ret */
int audit_read_proc(int proc_fd, pid_t pid, const char *file, size_t max, char **ret, size_t *len);

/** audit_network() - egress and inbound of the network namespace of @c->pid */
void audit_network(struct audit *a, struct audit_container *c, const struct audit_task *task);
/** audit_output() - stdout and stderr of @c->pid, and who keeps them */
void audit_output(struct audit *a, struct audit_container *c, const struct audit_host *h);
/** audit_volumes() - what the view shows of the host */
void audit_volumes(struct audit *a, struct audit_container *c, const struct audit_task *task);
/** audit_privileges() - devices, host namespaces and capabilities that lead out */
void audit_privileges(struct audit *a, struct audit_container *c, const struct audit_task *task);

/* audit_lists.c */
/** audit_lists_planned() - as create would put them in force */
void audit_lists_planned(struct audit *a, const struct policy *policy, struct audit_lists *ret);
/** audit_lists_recorded() - as create did, by posture.json in the state directory; a note where that cannot be read */
void audit_lists_recorded(struct audit *a, struct audit_container *c, int dir_fd,
			  struct audit_lists *ret);
void audit_lists_free(struct audit_lists *l);
/** audit_ways_egress() - a way for each entry; @where: the network that it bounds */
void audit_ways_egress(struct audit *a, struct audit_container *c, const struct audit_list *l,
		       const char *where);
/** audit_lists_bound_listen() - a server is reached from outside by a listed port alone */
bool audit_lists_bound_listen(const struct audit_lists *l);
/** audit_ways_listen() - a way for each port of `listen' */
void audit_ways_listen(struct audit *a, struct audit_container *c, const struct audit_list *l);

/* audit_policy.c */
/** audit_verdicts_planned() - what create would decide about each finding */
void audit_verdicts_planned(struct audit *a, struct audit_container *c,
			    const struct policy *policy);
/** audit_verdicts_recorded() - what it did decide, by inventory.json in the state directory; nothing where there is none */
void audit_verdicts_recorded(struct audit *a, struct audit_container *c, int dir_fd);

/* Texts of procfs, taken apart. Pure; @text is changed. */
struct audit_routes {
	char interfaces[256]; /* but lo, in the order of the file, with commas between */
	bool any, to_anywhere;
};
void audit_parse_interfaces(char *text, struct audit_routes *ret);
void audit_parse_routes(char *text, bool v6, struct audit_routes *ret);
enum { AUDIT_ADDRESS_SIZE = 72 };
/** audit_parse_listener() - a line of /proc/net/tcp{,6}; false: it does not listen, or on loopback alone */
bool audit_parse_listener(const char *line, bool v6, char ret[AUDIT_ADDRESS_SIZE]);
/** audit_conmon_option() - the value of an option on a conmon's command line, @len bytes with NULs; NULL: it is not there */
const char *audit_conmon_option(const char *cmdline, size_t len, const char *letter,
				const char *name);

#endif
