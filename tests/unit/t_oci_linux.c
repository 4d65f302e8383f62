/* SPDX-License-Identifier: Apache-2.0 */
/* The linux object: namespaces, mappings, devices, sysctls, resources, seccomp. */
#include <config.h>

#include <seccomp.h>
#include <sys/mount.h>
#include <sys/personality.h>
#include <sys/stat.h>

#include "tests/unit/oci_text.h"

#define MAP     "{'containerID':0,'hostID':100000,'size':65536}"
#define USER_NS "'namespaces':[{'type':'user'}],"

static void namespaces(void)
{
	CHECK_STR(oci_refusal("'namespaces':[{'type':'pid'},{'type':'network','path':'/run/n'},"
			      "{'type':'ipc','path':''}]",
			      ""),
		  "");
	CHECK(oci_config.linux_.ns[OCI_NS_PID].present && !oci_config.linux_.ns[OCI_NS_PID].path);
	CHECK_STR(oci_config.linux_.ns[OCI_NS_NETWORK].path, "/run/n");
	CHECK(oci_config.linux_.ns[OCI_NS_IPC].present && !oci_config.linux_.ns[OCI_NS_IPC].path);
	CHECK(!oci_config.linux_.ns[OCI_NS_MOUNT].present);
	CHECK_STR(oci_refusal("'namespaces':[{'type':'pid'},{'type':'pid'}]", ""),
		  "/linux/namespaces/1: namespace `pid' was given before");
	CHECK_STR(oci_refusal("'namespaces':[{'type':'net'}]", ""),
		  "/linux/namespaces/0: there is no namespace `net'");
	CHECK_STR(oci_refusal("'namespaces':[{'type':'pid','path':'ns/pid'}]", ""),
		  "/linux/namespaces/0/path: `ns/pid' is not an absolute path");
	CHECK_STR(oci_refusal("'namespaces':[{'path':'/x'}]", ""),
		  "/linux/namespaces/0/type: is missing");
}

static void mappings(void)
{
	CHECK_STR(oci_refusal(USER_NS "'uidMappings':[" MAP "],'gidMappings':[" MAP "]", ""), "");
	CHECK_INT(oci_config.linux_.uid_maps.v[0].host_id, ==, 100000);
	CHECK_STR(oci_refusal("'uidMappings':[" MAP "]", ""),
		  "/linux/uidMappings: needs a namespace of type `user'");
	CHECK_STR(oci_refusal("'gidMappings':[" MAP "]", ""),
		  "/linux/gidMappings: needs a namespace of type `user'");
	CHECK_HAS(oci_refusal(USER_NS "'uidMappings':[" MAP "]", ""),
		  "/linux: a new user namespace needs");
	CHECK_STR(oci_refusal("'namespaces':[{'type':'user','path':'/x'}]", ""), "");
	CHECK_STR(
		oci_refusal(USER_NS "'uidMappings':[" MAP "," MAP "],'gidMappings':[" MAP "]", ""),
		"/linux/uidMappings: mappings 0 and 1 overlap");
	CHECK_HAS(oci_refusal(USER_NS "'uidMappings':[{'containerID':4294967294,'hostID':0,"
				      "'size':2}]",
			      ""),
		  "/linux/uidMappings/0: the range ends above id 4294967294");
	CHECK_STR(oci_refusal(USER_NS "'uidMappings':[{'containerID':0,'hostID':0,"
				      "'size':4294967295}],'gidMappings':[" MAP "]",
			      ""),
		  "");
	CHECK_HAS(oci_refusal("'uidMappings':[{'containerID':0,'hostID':4294967295,'size':1}]", ""),
		  "/linux/uidMappings/0/hostID: ");
	CHECK_STR(oci_refusal("'uidMappings':[{'containerID':0,'hostID':1}]", ""),
		  "/linux/uidMappings/0/size: is missing");
}

static void time_offsets(void)
{
	const char *offsets = "'timeOffsets':{'boottime':{'secs':-5,'nanosecs':7}}";
	char text[256];

	snprintf(text, sizeof(text), "'namespaces':[{'type':'time'}],%s", offsets);
	CHECK_STR(oci_refusal(text, ""), "");
	CHECK(oci_config.linux_.boottime.present && !oci_config.linux_.monotonic.present);
	CHECK_INT(oci_config.linux_.boottime.secs, ==, -5);
	CHECK_STR(oci_refusal(offsets, ""),
		  "/linux/timeOffsets: needs a new namespace of type `time'");
	snprintf(text, sizeof(text), "'namespaces':[{'type':'time','path':'/t'}],%s", offsets);
	CHECK_HAS(oci_refusal(text, ""), "/linux/timeOffsets: ");
	CHECK_HAS(oci_refusal("'timeOffsets':{'monotonic':{'nanosecs':1000000000}}", ""),
		  "/linux/timeOffsets/monotonic/nanosecs: ");
}

static void devices(void)
{
	const struct oci_device *d;

	CHECK_STR(oci_refusal("'devices':[{'type':'c','path':'/dev/x','major':1,'minor':3,"
			      "'fileMode':8630,'uid':1,'gid':2},{'type':'p','path':'/dev/p'},"
			      "{'type':'b','path':'/dev/b','major':7,'minor':0,'fileMode':null}]",
			      ""),
		  "");
	d = oci_config.linux_.devices;
	CHECK_INT(oci_config.linux_.n_devices, ==, 3);
	CHECK_INT(d[0].type, ==, S_IFCHR);
	CHECK_INT(d[0].mode, ==, 0666);
	CHECK_INT(d[0].minor, ==, 3);
	CHECK_INT(d[0].gid, ==, 2);
	CHECK_INT(d[1].type, ==, S_IFIFO);
	CHECK_INT(d[2].mode, ==, 0666);
	CHECK_STR(oci_refusal("'devices':[{'type':'x','path':'/d','major':1,'minor':1}]", ""),
		  "/linux/devices/0/type: `x' is not known here");
	CHECK_STR(oci_refusal("'devices':[{'type':'c','path':'d','major':1,'minor':1}]", ""),
		  "/linux/devices/0/path: `d' is not an absolute path");
	CHECK_STR(oci_refusal("'devices':[{'type':'c','path':'/d','major':1}]", ""),
		  "/linux/devices/0: a device needs `major' and `minor'");
	CHECK_STR(oci_refusal("'devices':[{'type':'c','path':'/d','major':null,'minor':1}]", ""),
		  "/linux/devices/0: a device needs `major' and `minor'");
	CHECK_HAS(oci_refusal("'devices':[{'type':'c','path':'/d','major':4096,'minor':1}]", ""),
		  "/linux/devices/0/major: 4096 is out of range");
}

static void sysctls_of_own_namespaces(void)
{
	const char *all =
		"'namespaces':[{'type':'network'},{'type':'ipc'},{'type':'uts'}],"
		"'sysctl':{'net.ipv4.ip_forward':'1','net.ipv4.conf.eth0/1.rp_filter':'2',"
		"'net/ipv4/conf/eth0.1/rp_filter':'2','kernel.shmmax':'1',"
		"'fs.mqueue.msg_max':'2','kernel/sem':'1 2\\t3 4','kernel.domainname':'d'}";
	const struct oci_pairs *s;

	CHECK_STR(oci_refusal(all, ""), "");
	s = &oci_config.linux_.sysctl;
	CHECK_INT(s->n, ==, 7);
	CHECK_STR(s->v[0].key, "net/ipv4/ip_forward");
	CHECK_STR(s->v[0].value, "1");
	CHECK_STR(s->v[1].key, "net/ipv4/conf/eth0.1/rp_filter");
	CHECK_STR(s->v[2].key, "net/ipv4/conf/eth0.1/rp_filter");
	CHECK_STR(s->v[4].key, "fs/mqueue/msg_max");
}

static void sysctls_of_the_host_are_refused(void)
{
	static const char *const wants[][2] = {
		{ "'net.core.somaxconn':'1'",
		  "/linux/sysctl/net.core.somaxconn: needs a namespace of its own: add type "
		  "`network' to /linux/namespaces" },
		{ "'kernel.shmmax':'1'",
		  "/linux/sysctl/kernel.shmmax: needs a namespace of its own: add type `ipc'" },
		{ "'fs.mqueue.msg_max':'1'",
		  "/linux/sysctl/fs.mqueue.msg_max: needs a namespace of its own" },
		{ "'kernel.domainname':'x'", "add type `uts'" },
		{ "'kernel.hostname':'x'", "set the field `hostname' instead" },
		{ "'user.max_user_namespaces':'1'", "add type `user'" },
		{ "'kernel.core_pattern':'|/x'",
		  "/linux/sysctl/kernel.core_pattern: belongs to the" },
		{ "'kernel/core_pattern':'|/x'", "/linux/sysctl/kernel~1core_pattern: belongs to" },
		{ "'vm.swappiness':'1'", "belongs to the whole host" },
		{ "'kernel.shm':'1'", "belongs to the whole host" },
		{ "'netx':'1'", "belongs to the whole host" },
		{ "'net':'1'", "belongs to the whole host" },
		{ "'net/../kernel/core_pattern':'1'", "is no name of a sysctl" },
		{ "'net./..kernel':'1'", "is no name of a sysctl" },
		{ "'net..ipv4':'1'", "is no name of a sysctl" },
		{ "'/net/ipv4':'1'", "is no name of a sysctl" },
		{ "'net.ipv4.':'1'", "is no name of a sysctl" },
		{ "'net.ipv4.x':1", "expected string, found integer" },
	};
	char linux_[512];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(wants); i++) {
		snprintf(linux_, sizeof(linux_), "'sysctl':{%s}", wants[i][0]);
		CHECK_HAS(oci_refusal(linux_, ""), wants[i][1]);
	}
	memset(linux_, 'x', sizeof(linux_));
	memcpy(linux_, "'sysctl':{'net.", 15);
	strcpy(linux_ + 300, "':'1'}");
	CHECK_HAS(oci_refusal(linux_, ""), "is no name of a sysctl");
	CHECK_HAS(oci_refusal("'namespaces':[{'type':'network'}],'sysctl':{'net.x':'1\\n2'}", ""),
		  "/linux/sysctl/net.x: the value holds a control character");
	CHECK_HAS(oci_refusal("'namespaces':[{'type':'network'}],'sysctl':{'net.x':'1+kernel.y=2'}",
			      ""),
		  "/linux/sysctl/net.x: the value holds `+'");
	CHECK_HAS(oci_refusal("'namespaces':[{'type':'uts'}],'sysctl':{'kernel.domainname':'a'}",
			      "'domainname':'b'"),
		  "conflicts with the field `domainname'");
}

static void paths(void)
{
	CHECK_STR(
		oci_refusal("'maskedPaths':['/proc/kcore','/sys/firmware'],'readonlyPaths':[]", ""),
		"");
	CHECK_INT(oci_config.linux_.masked_paths.n, ==, 2);
	CHECK_STR(oci_config.linux_.masked_paths.v[1], "/sys/firmware");
	CHECK_STR(oci_refusal("'maskedPaths':['/a','/b','/a','/a/c']", ""), "");
	CHECK_INT(oci_config.linux_.masked_paths.n, ==, 3);
	CHECK_STR(oci_config.linux_.masked_paths.v[0], "/b");
	CHECK(oci_config.linux_.masked_paths.v[3] == NULL);
	CHECK_STR(oci_refusal("'maskedPaths':['proc']", ""),
		  "/linux/maskedPaths/0: `proc' is not an absolute path");
	CHECK_STR(oci_refusal("'cgroupsPath':'/a/b..c'", ""), "");
	CHECK_STR(oci_config.linux_.cgroups_path, "/a/b..c");
	CHECK_STR(oci_refusal("'cgroupsPath':'system.slice:pinfold:id'", ""), "");
	CHECK_STR(oci_refusal("'cgroupsPath':''", ""), "");
	CHECK(oci_config.linux_.cgroups_path == NULL);
	CHECK_STR(oci_refusal("'cgroupsPath':'/a/../b'", ""),
		  "/linux/cgroupsPath: `..' is not allowed in `/a/../b'");
	CHECK_HAS(oci_refusal("'cgroupsPath':'..:a:b'", ""), "/linux/cgroupsPath: ");
	CHECK_HAS(oci_refusal("'cgroupsPath':'/a/..'", ""), "/linux/cgroupsPath: ");
	CHECK_HAS(oci_refusal("'cgroupsPath':'a\\n'", ""), "holds a control character");
}

static void the_rest_of_linux(void)
{
	CHECK_STR(
		oci_refusal("'rootfsPropagation':'slave','mountLabel':'l',"
			    "'personality':{'domain':'LINUX32','flags':[]},"
			    "'memoryPolicy':{'mode':'MPOL_DEFAULT'},'intelRdt':{},'netDevices':{}",
			    ""),
		"");
	CHECK_INT(oci_config.linux_.rootfs_propagation, ==, MS_SLAVE);
	CHECK(oci_config.linux_.has_personality && oci_config.linux_.personality == PER_LINUX32);
	CHECK_STR(oci_config.linux_.mount_label, "l");
	CHECK_STR(oci_refusal("'rootfsPropagation':'rslave'", ""), "");
	CHECK_INT(oci_config.linux_.rootfs_propagation, ==, MS_SLAVE | MS_REC);
	CHECK_STR(oci_refusal("'rootfsPropagation':'Shared'", ""),
		  "/linux/rootfsPropagation: `Shared' is not known here");
	CHECK_HAS(oci_refusal("'personality':{'domain':'LINUX','flags':['X']}", ""),
		  "/linux/personality/flags: not supported");
	CHECK_HAS(oci_refusal("'personality':{'domain':'BSD'}", ""), "/linux/personality/domain: ");
	CHECK_HAS(oci_refusal("'memoryPolicy':{'mode':'MPOL_BIND','nodes':'0'}", ""),
		  "/linux/memoryPolicy/mode: not supported");
	CHECK_HAS(oci_refusal("'memoryPolicy':{'mode':'MPOL_DEFAULT','nodes':'0'}", ""),
		  "/linux/memoryPolicy/nodes: not supported");
	CHECK_HAS(oci_refusal("'intelRdt':{'closID':'x'}", ""), "/linux/intelRdt: not supported");
	CHECK_HAS(oci_refusal("'netDevices':{'eth0':{}}", ""), "/linux/netDevices: not supported");
}

static void device_rules(void)
{
	const struct oci_device_rule *r;

	CHECK_STR(
		oci_resources_refusal("'devices':[{'allow':false,'access':'rwm'},"
				      "{'allow':true,'type':'c','major':1,'minor':3,'access':'rw'},"
				      "{'allow':false},{'allow':true,'type':'b','major':null,"
				      "'minor':-1,'access':'m'}]"),
		"");
	r = oci_config.linux_.resources.devices;
	CHECK(r[0].type == 'a' && r[0].major == -1 && r[0].minor == -1 && !r[0].allow);
	CHECK(r[0].read && r[0].write && r[0].mknod);
	CHECK(r[1].type == 'c' && r[1].major == 1 && r[1].minor == 3 && !r[1].mknod);
	CHECK(r[2].read && r[2].write && r[2].mknod);
	CHECK(r[3].type == 'b' && r[3].major == -1 && r[3].minor == -1 && r[3].mknod);
	CHECK_HAS(oci_resources_refusal("'devices':[{'allow':true,'type':'c'}]"),
		  "/linux/resources/devices/0: allows a device, but `access' does not say what");
	CHECK_STR(oci_resources_refusal("'devices':[{'access':'ra'},{'allow':true,'access':'ra'}]"),
		  "");
	r = oci_config.linux_.resources.devices;
	CHECK(r[0].read && r[0].write && r[0].mknod);
	CHECK(r[1].read && !r[1].write && !r[1].mknod);
	CHECK_HAS(oci_resources_refusal("'devices':[{'allow':true,'access':'a'}]"),
		  "/linux/resources/devices/0: allows a device, but `access' does not say what");
	CHECK_HAS(oci_resources_refusal("'devices':[{'access':'rx'}]"),
		  "/linux/resources/devices/0/access: `rx' is not made of");
	CHECK_HAS(oci_resources_refusal("'devices':[{'type':'char'}]"),
		  "/linux/resources/devices/0/type: `char' is none of");
	CHECK_HAS(oci_resources_refusal("'devices':[{'major':-2}]"),
		  "/linux/resources/devices/0/major: -2 is out of range");
}

static void limits(void)
{
	const struct oci_resources *r;

	CHECK_STR(
		oci_resources_refusal(
			"'memory':{'limit':1000,'swap':2000,'reservation':-1,'swappiness':10,"
			"'disableOOMKiller':true},'cpu':{'shares':512,'quota':-1,'period':100000,"
			"'cpus':'0-1','mems':'0','idle':1},'pids':{'limit':-1},"
			"'blockIO':{'weight':10,'weightDevice':[{'major':8,'minor':0,'weight':500}],"
			"'throttleReadBpsDevice':[{'major':8,'minor':16,'rate':600}]},"
			"'hugepageLimits':[{'pageSize':'2MB','limit':9223372036854771712}],"
			"'network':{'classID':1048577,'priorities':[{'name':'eth0','priority':7}]},"
			"'rdma':{'mlx5_1':{'hcaHandles':3}},"
			"'unified':{'memory.high':'1073741824'}"),
		"");
	r = &oci_config.linux_.resources;
	CHECK(r->present && r->mem_limit.present && r->mem_limit.v == 1000);
	CHECK(r->mem_swap.v == 2000 && r->mem_reservation.v == -1 && !r->mem_kernel.present);
	CHECK(r->has_mem_disable_oom_killer && r->mem_disable_oom_killer);
	CHECK(r->cpu_quota.v == -1 && r->cpu_idle.v == 1 && r->cpu_shares.v == 512);
	CHECK_STR(r->cpuset_cpus, "0-1");
	CHECK(r->pids_limit.present && r->pids_limit.v == -1);
	CHECK_INT(r->blkio_weight_device.v[0].rate, ==, 500);
	CHECK_INT(r->blkio_read_bps.v[0].minor, ==, 16);
	CHECK_STR(r->hugepages[0].page_size, "2MB");
	CHECK_INT(r->net_class_id.v, ==, 1048577);
	CHECK_STR(r->net_priorities.v[0].value, "7");
	CHECK_STR(r->rdma[0].device, "mlx5_1");
	CHECK(r->rdma[0].handles.v == 3 && !r->rdma[0].objects.present);
	CHECK_STR(r->unified.v[0].key, "memory.high");
}

static void names_that_become_files_are_checked(void)
{
	static const char *const wants[][2] = {
		{ "'hugepageLimits':[{'pageSize':'../../x','limit':1}]",
		  "/hugepageLimits/0/pageSize: `../../x' is no page size" },
		{ "'hugepageLimits':[{'pageSize':'MB','limit':1}]", "is no page size" },
		{ "'hugepageLimits':[{'pageSize':'2MBx','limit':1}]", "is no page size" },
		{ "'unified':{'../memory.max':'1'}", "/unified/..~1memory.max: " },
		{ "'unified':{'memory':'1'}", "is no file name such as" },
		{ "'unified':{'..':'1'}", "is no file name such as" },
		{ "'unified':{'cgroup.procs':'1'}", "`cgroup.procs' is no limit" },
		{ "'rdma':{'a/b':{}}", "`a/b' is no name of a device" },
		{ "'rdma':{'a b':{}}", "`a b' is no name of a device" },
		{ "'network':{'priorities':[{'name':'a/b','priority':1}]}", "is no name of an" },
		{ "'memory':{'limit':2000,'swap':1000}",
		  "/memory/swap: memory and swap together (1000) are below memory (2000)" },
		{ "'memory':{'limit':-2}", "/memory/limit: -2 is out of range" },
		{ "'memory':{'swappiness':101}", "/memory/swappiness: 101 is out of range" },
		{ "'memory':{'limit':1e9}", "/memory/limit: expected integer, found number" },
		{ "'cpu':{'cpus':'0;1'}", "/cpu/cpus: `0;1' is no list" },
		{ "'cpu':{'shares':18446744073709551615}", "/cpu/shares: 18446744073709551615 is" },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(wants); i++)
		CHECK_HAS(oci_resources_refusal(wants[i][0]), wants[i][1]);
}

static void seccomp(void)
{
	const struct oci_seccomp *s;

	CHECK_STR(
		oci_refusal(
			"'seccomp':{'defaultAction':'SCMP_ACT_ERRNO','defaultErrnoRet':38,"
			"'architectures':['SCMP_ARCH_X86_64','SCMP_ARCH_RISCV64'],"
			"'flags':['SECCOMP_FILTER_FLAG_LOG'],'listenerPath':'/s',"
			"'syscalls':[{'names':['a','b'],'action':'SCMP_ACT_ALLOW'},"
			"{'names':['c'],'action':'SCMP_ACT_ERRNO','errnoRet':0,'args':[{'index':5,"
			"'value':18446744073709551615,'valueTwo':1,'op':'SCMP_CMP_MASKED_EQ'},"
			"{'index':0,'value':1,'op':'SCMP_CMP_NE'}]}]}",
			""),
		"");
	s = &oci_config.linux_.seccomp;
	CHECK(s->present && s->has_default_errno && s->default_errno == 38 && !s->uses_notify);
	CHECK_STR(s->default_action, "SCMP_ACT_ERRNO");
	CHECK_STR(s->architectures.v[1], "SCMP_ARCH_RISCV64");
	CHECK_INT(s->n_syscalls, ==, 2);
	CHECK_STR(s->syscalls[0].names.v[1], "b");
	CHECK(!s->syscalls[0].has_errno && s->syscalls[1].has_errno);
	CHECK(s->syscalls[1].args[0].value == UINT64_MAX);
	CHECK_INT(s->syscalls[1].args[0].op, ==, SCMP_CMP_MASKED_EQ);
	CHECK_INT(s->syscalls[1].args[1].op, ==, SCMP_CMP_NE);
}

static void seccomp_words_are_checked(void)
{
	static const char *const wants[][2] = {
		{ "", "/linux/seccomp/defaultAction: is missing" },
		{ "'defaultAction':'ALLOW'", "/linux/seccomp/defaultAction: `ALLOW' is not known" },
		{ "'defaultAction':'SCMP_ACT_NOTIFY'",
		  "/linux/seccomp/defaultAction: `SCMP_ACT_NOTIFY' is not supported" },
		{ "'defaultAction':'SCMP_ACT_LOG','flags':['LOG']",
		  "/linux/seccomp/flags/0: `LOG' is not known" },
		{ "'defaultAction':'SCMP_ACT_LOG','architectures':['x86']",
		  "/linux/seccomp/architectures/0: `x86' is not known" },
		{ "'defaultAction':'SCMP_ACT_LOG','syscalls':[{'names':[],'action':'SCMP_ACT_LOG'}]",
		  "/linux/seccomp/syscalls/0/names: must not be empty" },
		{ "'defaultAction':'SCMP_ACT_LOG','syscalls':[{'names':['a']}]",
		  "/linux/seccomp/syscalls/0/action: is missing" },
		{ "'defaultAction':'SCMP_ACT_LOG','syscalls':[{'names':['a'],"
		  "'action':'SCMP_ACT_NOTIFY'}]",
		  "/linux/seccomp/syscalls/0/action: `SCMP_ACT_NOTIFY' is not supported" },
		{ "'defaultAction':'SCMP_ACT_LOG','syscalls':[{'names':['a'],"
		  "'action':'SCMP_ACT_LOG','args':[{'index':6,'value':1,'op':'SCMP_CMP_EQ'}]}]",
		  "/linux/seccomp/syscalls/0/args/0/index: 6 is out of range" },
		{ "'defaultAction':'SCMP_ACT_LOG','syscalls':[{'names':['a'],"
		  "'action':'SCMP_ACT_LOG','args':[{'index':1,'value':1,'op':'EQ'}]}]",
		  "/linux/seccomp/syscalls/0/args/0/op: `EQ' is not known" },
		{ "'defaultAction':'SCMP_ACT_LOG','defaultErrnoRet':-1", "defaultErrnoRet: -1 is" },
	};
	char linux_[1024];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(wants); i++) {
		snprintf(linux_, sizeof(linux_), "'seccomp':{%s}", wants[i][0]);
		CHECK_HAS(oci_refusal(linux_, ""), wants[i][1]);
	}
}

int main(void)
{
	RUN(namespaces);
	RUN(mappings);
	RUN(time_offsets);
	RUN(devices);
	RUN(sysctls_of_own_namespaces);
	RUN(sysctls_of_the_host_are_refused);
	RUN(paths);
	RUN(the_rest_of_linux);
	RUN(device_rules);
	RUN(limits);
	RUN(names_that_become_files_are_checked);
	RUN(seccomp);
	RUN(seccomp_words_are_checked);
	oci_config_free(&oci_config);
	return tap_done();
}
