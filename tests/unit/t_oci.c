/* SPDX-License-Identifier: Apache-2.0 */
/* config.json as a whole and its process object: what is read, and what is refused with which words. */
#include <config.h>

#include <sched.h>
#include <stdlib.h>
#include <sys/resource.h>

#include "tests/unit/oci_text.h"

static const char *version_refusal(const char *version)
{
	char text[256];

	oci_config_free(&oci_config);
	snprintf(text, sizeof(text), "{'ociVersion':%s,'root':{'path':'r'}}", version);
	return oci_config_parse(text, oci_unquote(text), &oci_config, &oci_error) == 0
		       ? ""
		       : oci_error.msg;
}

static void versions(void)
{
	CHECK_STR(version_refusal("'1.0.0'"), "");
	CHECK_STR(version_refusal("'1.0.0-rc5'"), "");
	CHECK_STR(version_refusal("'1.0.2-dev'"), "");
	CHECK_STR(version_refusal("'1.2.1'"), "");
	CHECK_STR(version_refusal("'1.3.0+dev'"), "");
	CHECK_STR(version_refusal("'1.3.17'"), "");
	CHECK_HAS(version_refusal("'1.4.0'"), "/ociVersion: `1.4.0' is newer than 1.3");
	CHECK_HAS(version_refusal("'1.30.0'"), "/ociVersion: `1.30.0' is newer");
	CHECK_HAS(version_refusal("'2.0.0'"), "/ociVersion: `2.0.0' is no version");
	CHECK_HAS(version_refusal("'1.0'"), "/ociVersion: ");
	CHECK_HAS(version_refusal("'1.0.0x'"), "/ociVersion: ");
	CHECK_HAS(version_refusal("''"), "/ociVersion: ");
	CHECK_STR(version_refusal("1"), "/ociVersion: expected string, found integer");
	CHECK_STR(version_refusal("null"), "/ociVersion: is missing");
}

static void the_frame(void)
{
	static char no_root[] = "{'ociVersion':'1.0.0'}", list[] = "[]", broken[] = "{'ociVersion'";

	CHECK_STR(oci_refusal("", ""), "");
	CHECK(!oci_config.process.present);
	CHECK_STR(oci_config.root_path, "rootfs");
	CHECK(oci_config.process.args.v && !oci_config.process.args.v[0]);
	CHECK(oci_config.linux_.masked_paths.v != NULL);
	CHECK_INT(oci_config_parse(no_root, oci_unquote(no_root), &oci_config, &oci_error), ==,
		  -EINVAL);
	CHECK_STR(oci_error.msg, "/root: is missing");
	CHECK_INT(oci_config_parse(list, 2, &oci_config, &oci_error), <, 0);
	CHECK_STR(oci_error.msg, "/: expected object, found array");
	CHECK_INT(oci_config_parse(broken, oci_unquote(broken), &oci_config, &oci_error), <, 0);
	CHECK_HAS(oci_error.msg, "line 1, column ");
	CHECK_STR(oci_refusal("", "'unknown':{'a':[1,2]},'windows':{'x':1},'zos':{}"), "");
	CHECK_HAS(oci_refusal("", "'vm':{'kernel':{'path':'/k'}}"), "/vm: not supported: ");
	CHECK_STR(oci_refusal("", "'vm':{}"), "");
	CHECK_STR(oci_refusal("", "'mounts':null,'hooks':null,'process':null"), "");
	CHECK_STR(oci_refusal("", "'mounts':{}"), "/mounts: expected array, found object");
	CHECK_STR(oci_refusal("", "'mounts':[null]"), "/mounts/0: expected object, found null");
}

static void annotations(void)
{
	CHECK_STR(oci_refusal("", "'annotations':{'a':'1','io.pinfold.read':''}"), "");
	CHECK_STR(oci_annotation(&oci_config.annotations, "a"), "1");
	CHECK_STR(oci_annotation(&oci_config.annotations, "io.pinfold.read"), "");
	CHECK(oci_annotation(&oci_config.annotations, "b") == NULL);
	CHECK_STR(oci_refusal("", "'annotations':{'a':1}"),
		  "/annotations/a: expected string, found integer");
	CHECK_STR(oci_refusal("", "'annotations':{'':'1'}"),
		  "/annotations/: a key must not be empty");
}

static void host_names_need_a_uts_namespace(void)
{
	const char *uts = "'namespaces':[{'type':'uts'}]";

	CHECK_STR(oci_refusal(uts, "'hostname':'box','domainname':'example.org'"), "");
	CHECK_STR(oci_config.hostname, "box");
	CHECK_STR(oci_config.domainname, "example.org");
	CHECK_STR(oci_refusal("", "'hostname':'box'"),
		  "/hostname: needs a namespace of type `uts'");
	CHECK_STR(oci_refusal("", "'domainname':'x'"),
		  "/domainname: needs a namespace of type `uts'");
	CHECK_STR(oci_refusal("", "'hostname':''"), "");
	CHECK(oci_config.hostname == NULL);
	CHECK_STR(oci_refusal(uts, "'hostname':'aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeef"
				   "fffffffffggggg'"),
		  "/hostname: is longer than 64 bytes");
}

static void hooks(void)
{
	CHECK_STR(oci_refusal("",
			      "'hooks':{'prestart':[{'path':'/a','args':['a','b'],'env':['X=1'],"
			      "'timeout':5}],'createRuntime':[{'path':'/b'}],'poststop':[{'path':"
			      "'/c'},{'path':'/d'}]}"),
		  "");
	CHECK_INT(oci_config.prestart.n, ==, 1);
	CHECK_STR(oci_config.prestart.v[0].path, "/a");
	CHECK_STR(oci_config.prestart.v[0].args.v[1], "b");
	CHECK_INT(oci_config.prestart.v[0].timeout_s, ==, 5);
	CHECK_INT(oci_config.create_runtime.v[0].timeout_s, ==, 0);
	CHECK_INT(oci_config.create_runtime.v[0].args.n, ==, 0);
	CHECK(oci_config.create_runtime.v[0].env.v != NULL);
	CHECK_STR(oci_config.poststop.v[1].path, "/d");
	CHECK_STR(oci_refusal("", "'hooks':{'poststart':[{'path':'bin/x'}]}"),
		  "/hooks/poststart/0/path: `bin/x' is not an absolute path");
	CHECK_STR(oci_refusal("", "'hooks':{'poststart':[{}]}"),
		  "/hooks/poststart/0/path: is missing");
	CHECK_HAS(oci_refusal("", "'hooks':{'poststart':[{'path':'/x','timeout':0}]}"),
		  "/hooks/poststart/0/timeout: 0 is out of range");
	CHECK_HAS(oci_refusal("", "'hooks':{'poststart':[{'path':'/x','timeout':2147483648}]}"),
		  "/hooks/poststart/0/timeout: 2147483648 is out of range");
}

static void a_process(void)
{
	CHECK_STR(oci_process_refusal("'user':{'uid':1000,'gid':4294967294,'umask':18,"
				      "'additionalGids':[5,7],'username':'x'},'env':['A=b','odd'],"
				      "'noNewPrivileges':true,'oomScoreAdj':-500,"
				      "'apparmorProfile':'p','selinuxLabel':'l'"),
		  "");
	CHECK(oci_config.process.present);
	CHECK_INT(oci_config.process.user.uid, ==, 1000);
	CHECK_INT(oci_config.process.user.gid, ==, 4294967294);
	CHECK(oci_config.process.user.has_umask && oci_config.process.user.umask == 022);
	CHECK_INT(oci_config.process.user.n_additional_gids, ==, 2);
	CHECK_INT(oci_config.process.user.additional_gids[1], ==, 7);
	CHECK_INT(oci_config.process.env.n, ==, 2);
	CHECK(oci_config.process.no_new_privileges);
	CHECK(oci_config.process.has_oom_score_adj && oci_config.process.oom_score_adj == -500);
	CHECK_STR(oci_config.process.apparmor_profile, "p");
	CHECK_STR(oci_config.process.selinux_label, "l");
	CHECK_STR(oci_refusal("", "'process':{'cwd':'/'}"), "/process/args: is missing");
	CHECK_STR(oci_refusal("", "'process':{'cwd':'/','args':[]}"),
		  "/process/args: must not be empty");
	CHECK_STR(oci_refusal("", "'process':{'args':['a']}"), "/process/cwd: is missing");
	CHECK_STR(oci_refusal("", "'process':{'cwd':'tmp','args':['a']}"),
		  "/process/cwd: `tmp' is not an absolute path");
	CHECK_STR(oci_refusal("", "'process':{'cwd':'/','args':['a',1]}"),
		  "/process/args/1: expected string, found integer");
	CHECK_STR(oci_process_refusal("'env':['A=\\u0000']"),
		  "/process/env/0: holds a NUL character");
}

static void a_name_stands_once_in_the_environment(void)
{
	CHECK_STR(oci_process_refusal("'env':['A=1','AB=2','B=1','A=3','odd','A=','AB=4','odd']"),
		  "");
	CHECK_INT(oci_config.process.env.n, ==, 4);
	CHECK_STR(oci_config.process.env.v[0], "B=1");
	CHECK_STR(oci_config.process.env.v[1], "A=");
	CHECK_STR(oci_config.process.env.v[2], "AB=4");
	CHECK_STR(oci_config.process.env.v[3], "odd");
	CHECK(oci_config.process.env.v[4] == NULL);
}

static void ids_stay_ids(void)
{
	CHECK_HAS(oci_process_refusal("'user':{'uid':4294967295}"),
		  "/process/user/uid: 4294967295 is out of range");
	CHECK_HAS(oci_process_refusal("'user':{'uid':4294967296}"), "/process/user/uid: ");
	CHECK_HAS(oci_process_refusal("'user':{'uid':18446744073709551615}"),
		  "/process/user/uid: ");
	CHECK_HAS(oci_process_refusal("'user':{'gid':-1}"),
		  "/process/user/gid: -1 is out of range");
	CHECK_STR(oci_process_refusal("'user':{'gid':1.0}"),
		  "/process/user/gid: expected integer, found number");
	CHECK_STR(oci_process_refusal("'user':{'gid':'0'}"),
		  "/process/user/gid: expected integer, found string");
	CHECK_HAS(oci_process_refusal("'user':{'additionalGids':[1,4294967295]}"),
		  "/process/user/additionalGids/1: ");
	CHECK_HAS(oci_process_refusal("'user':{'umask':4096}"), "/process/user/umask: ");
	CHECK_HAS(oci_process_refusal("'oomScoreAdj':1001"), "/process/oomScoreAdj: ");
}

static void the_console_belongs_to_a_terminal(void)
{
	CHECK_STR(oci_process_refusal("'terminal':true,'consoleSize':{'height':25,'width':80}"),
		  "");
	CHECK_INT(oci_config.process.console_height, ==, 25);
	CHECK_INT(oci_config.process.console_width, ==, 80);
	CHECK_STR(oci_process_refusal("'consoleSize':{'height':25,'width':80}"), "");
	CHECK_INT(oci_config.process.console_height, ==, 0);
	CHECK_HAS(oci_process_refusal("'terminal':true,'consoleSize':{'height':65536,'width':80}"),
		  "/process/consoleSize/height: 65536 is out of range");
}

static void capabilities(void)
{
	char many[4096] = "'capabilities':{'bounding':[", *p = many + strlen(many);
	int i;

	CHECK_STR(
		oci_process_refusal("'capabilities':{'bounding':['CAP_CHOWN','CAP_BPF','CAP_NEW'],"
				    "'ambient':['CAP_NEW','cap_chown'],'effective':[]}"),
		"");
	CHECK(oci_config.process.has_capabilities);
	CHECK(oci_config.process.caps[OCI_CAP_BOUNDING] == (1ull << 0 | 1ull << 39));
	CHECK(oci_config.process.caps[OCI_CAP_AMBIENT] == 0);
	CHECK_INT(oci_config.process.unknown_caps.n, ==, 2);
	CHECK_STR(oci_config.process.unknown_caps.v[1], "cap_chown");
	CHECK_STR(oci_process_refusal(""), "");
	CHECK(!oci_config.process.has_capabilities);
	for (i = 0; i < 65; i++)
		p += sprintf(p, "%s'CAP_%d'", i ? "," : "", i);
	strcpy(p, "]}");
	CHECK_STR(oci_process_refusal(many),
		  "/process/capabilities/bounding/64: more than 64 unknown capabilities");
}

static void rlimits(void)
{
	CHECK_STR(
		oci_process_refusal("'rlimits':[{'type':'RLIMIT_NOFILE','soft':1024,'hard':4096},"
				    "{'type':'RLIMIT_CORE','soft':0,'hard':18446744073709551615}]"),
		"");
	CHECK_INT(oci_config.process.n_rlimits, ==, 2);
	CHECK_INT(oci_config.process.rlimits[0].resource, ==, RLIMIT_NOFILE);
	CHECK(oci_config.process.rlimits[1].hard == UINT64_MAX);
	CHECK_STR(oci_process_refusal("'rlimits':[{'type':'RLIMIT_X','soft':1,'hard':1}]"),
		  "/process/rlimits/0/type: `RLIMIT_X' is no resource limit of Linux");
	CHECK_STR(oci_process_refusal("'rlimits':[{'type':'RLIMIT_AS','soft':2,'hard':1}]"),
		  "/process/rlimits/0/soft: is above the hard limit");
	CHECK_STR(oci_process_refusal("'rlimits':[{'type':'RLIMIT_AS','soft':2}]"),
		  "/process/rlimits/0/hard: is missing");
	CHECK_STR(oci_process_refusal("'rlimits':[{'type':'RLIMIT_AS','soft':1,'hard':1},"
				      "{'type':'RLIMIT_AS','soft':1,'hard':1}]"),
		  "/process/rlimits/1: `RLIMIT_AS' was given before");
}

static void scheduling(void)
{
	CHECK_STR(oci_process_refusal("'scheduler':{'policy':'SCHED_FIFO','priority':10,'flags':["
				      "'SCHED_FLAG_RESET_ON_FORK','SCHED_FLAG_KEEP_PARAMS']}"),
		  "");
	CHECK(oci_config.process.scheduler.present);
	CHECK_INT(oci_config.process.scheduler.policy, ==, SCHED_FIFO);
	CHECK_INT(oci_config.process.scheduler.flags, ==, 0x11);
	CHECK_STR(oci_process_refusal("'scheduler':{'policy':'SCHED_BATCH','nice':-20}"), "");
	CHECK_INT(oci_config.process.scheduler.nice, ==, -20);
	CHECK_STR(oci_process_refusal("'scheduler':{'policy':'SCHED_DEADLINE','runtime':1000,"
				      "'deadline':2000,'period':3000}"),
		  "");
	CHECK_INT(oci_config.process.scheduler.period, ==, 3000);
	CHECK_STR(oci_process_refusal("'scheduler':{'policy':'SCHED_ISO'}"),
		  "/process/scheduler/policy: `SCHED_ISO' is not known here");
	CHECK_HAS(oci_process_refusal("'scheduler':{'policy':'SCHED_FIFO'}"),
		  "/process/scheduler: a realtime policy needs a priority");
	CHECK_HAS(oci_process_refusal("'scheduler':{'policy':'SCHED_RR','priority':1,'nice':1}"),
		  "/process/scheduler: `nice' belongs to");
	CHECK_HAS(oci_process_refusal("'scheduler':{'policy':'SCHED_OTHER','priority':1}"),
		  "/process/scheduler: `priority' belongs to");
	CHECK_HAS(oci_process_refusal("'scheduler':{'policy':'SCHED_OTHER','runtime':1}"),
		  "/process/scheduler: `runtime', ");
	CHECK_HAS(oci_process_refusal("'scheduler':{}"), "/process/scheduler/policy: is missing");
	CHECK_HAS(oci_process_refusal("'scheduler':{'policy':'SCHED_OTHER','flags':['X']}"),
		  "/process/scheduler/flags/0: `X' is not known here");
	CHECK_STR(oci_process_refusal("'ioPriority':{'class':'IOPRIO_CLASS_IDLE','priority':3}"),
		  "");
	CHECK(oci_config.process.has_io_priority && oci_config.process.io_class == 3);
	CHECK_HAS(oci_process_refusal("'ioPriority':{'class':'IOPRIO_CLASS_BE','priority':8}"),
		  "/process/ioPriority/priority: ");
	CHECK_STR(oci_process_refusal("'execCPUAffinity':{'initial':'0-3','final':'1,2'}"), "");
	CHECK_STR(oci_config.process.cpu_affinity_final, "1,2");
	CHECK_STR(oci_config.process.cpu_affinity_initial, "0-3");
	CHECK_STR(oci_process_refusal("'execCPUAffinity':{'initial':'','final':''}"), "");
	CHECK(!oci_config.process.cpu_affinity_initial && !oci_config.process.cpu_affinity_final);
	CHECK_HAS(oci_process_refusal("'execCPUAffinity':{'final':'all'}"),
		  "/process/execCPUAffinity/final: `all' is no list");
}

static void lists_of_cpus(void)
{
	static const char *const bad[] = {
		",",       "1,",  "-1",  "1-",   "3-1",
		"0-3:1/2", "1 2", "0x1", "1024", "0-99999999999999999999"
	};
	uint64_t mask[OCI_CPU_MAX / 64];

	CHECK_INT(oci_cpu_mask("0-2,65,1023", mask), ==, 0);
	CHECK_INT(mask[0], ==, 7);
	CHECK_INT(mask[1], ==, 2);
	CHECK(mask[15] == 1ull << 63);
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		CHECK_INT(oci_cpu_mask(bad[i], mask), ==, -EINVAL);
}

static void parts_alone(void)
{
	static char process[] = "{'cwd':'/','args':['id'],'user':{'uid':3}}", bad[] = "{'cwd':'/'}";
	static char resources[] = "{'pids':{'limit':9}}", worse[] = "{'pids':{'limit':'9'}}";

	oci_config_free(&oci_config);
	CHECK_INT(oci_process_parse(process, oci_unquote(process), &oci_config, &oci_error), ==, 0);
	CHECK(oci_config.process.present && oci_config.process.user.uid == 3);
	oci_config_free(&oci_config);
	CHECK_INT(oci_process_parse(bad, oci_unquote(bad), &oci_config, &oci_error), <, 0);
	CHECK_STR(oci_error.msg, "/args: is missing");
	CHECK_INT(oci_resources_parse(resources, oci_unquote(resources), &oci_config, &oci_error),
		  ==, 0);
	CHECK(oci_config.linux_.resources.present);
	CHECK_INT(oci_config.linux_.resources.pids_limit.v, ==, 9);
	oci_config_free(&oci_config);
	CHECK_INT(oci_resources_parse(worse, oci_unquote(worse), &oci_config, &oci_error), <, 0);
	CHECK_STR(oci_error.msg, "/pids/limit: expected integer, found string");
}

static void names(void)
{
	CHECK_INT(oci_signal_number("KILL"), ==, 9);
	CHECK_INT(oci_signal_number("SIGKILL"), ==, 9);
	CHECK_INT(oci_signal_number("sigterm"), ==, 15);
	CHECK_INT(oci_signal_number("9"), ==, 9);
	CHECK_INT(oci_signal_number("RTMIN+3"), ==, 37);
	CHECK_INT(oci_signal_number("SIGRTMAX-1"), ==, 63);
	CHECK_INT(oci_signal_number("RTMIN"), ==, 34);
	CHECK_INT(oci_signal_number("64"), ==, 64);
	CHECK_INT(oci_signal_number("65"), ==, -1);
	CHECK_INT(oci_signal_number("0"), ==, -1);
	CHECK_INT(oci_signal_number("-9"), ==, -1);
	CHECK_INT(oci_signal_number("09"), ==, -1);
	CHECK_INT(oci_signal_number("9 "), ==, -1);
	CHECK_INT(oci_signal_number("99999999999999999999"), ==, -1);
	CHECK_INT(oci_signal_number("RTMIN+31"), ==, -1);
	CHECK_INT(oci_signal_number("RTMIN+"), ==, -1);
	CHECK_INT(oci_signal_number(""), ==, -1);
	CHECK_INT(oci_signal_number("SIG"), ==, -1);
	CHECK_INT(oci_cap_number("CAP_CHECKPOINT_RESTORE"), ==, 40);
	CHECK_INT(oci_cap_number("CAP_SYS_ADMIN"), ==, 21);
	CHECK_INT(oci_cap_number("SYS_ADMIN"), ==, -1);
	CHECK_STR(oci_cap_name(12), "CAP_NET_ADMIN");
	CHECK_STR(oci_cap_name(41), NULL);
	CHECK_STR(oci_cap_name(-1), NULL);
	CHECK_STR(oci_namespace_name(OCI_NS_TIME), "time");
	CHECK_INT(oci_namespace_flag(OCI_NS_USER), ==, CLONE_NEWUSER);
}

int main(void)
{
	RUN(versions);
	RUN(the_frame);
	RUN(annotations);
	RUN(host_names_need_a_uts_namespace);
	RUN(hooks);
	RUN(a_process);
	RUN(a_name_stands_once_in_the_environment);
	RUN(ids_stay_ids);
	RUN(the_console_belongs_to_a_terminal);
	RUN(capabilities);
	RUN(rlimits);
	RUN(scheduling);
	RUN(lists_of_cpus);
	RUN(parts_alone);
	RUN(names);
	oci_config_free(&oci_config);
	return tap_done();
}
