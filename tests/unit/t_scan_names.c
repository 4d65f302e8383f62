/* SPDX-License-Identifier: Apache-2.0 */
/* The scan by names: what it finds at the well-known places, behind variables and in mounts, and what it leaves alone. */
#include <config.h>

#include "tests/unit/scan_tree.h"

static void the_well_known_places_of_homes_are_looked_at(void)
{
	begin();
	file("/root/.aws/credentials");
	file("/home/dev/.ssh/id_ed25519");
	file("/home/dev/.ssh/id_ed25519.pub");
	file("/home/dev/.ssh/known_hosts");
	file("/home/dev/.ssh/deep/er/id_rsa");
	file("/home/dev/.bash_history");
	file("/home/dev/.config/gh/hosts.yml");
	file("/home/dev/.npmrc");
	file("/home/other/.netrc");
	file("/srv/me/.docker/config.json");
	run("/srv/me", "/");
	show();
	CHECK(find("aws-access-key", "/root/.aws/credentials"));
	CHECK(find("ssh-key", "/home/dev/.ssh/id_ed25519"));
	CHECK(!is_anything("/home/dev/.ssh/id_ed25519.pub"));
	CHECK(!is_anything("/home/dev/.ssh/known_hosts"));
	CHECK(find("ssh-key", "/home/dev/.ssh/deep/er/id_rsa"));
	CHECK(find("shell-history", "/home/dev/.bash_history"));
	CHECK(find("github-cli", "/home/dev/.config/gh/hosts.yml"));
	CHECK(find("npmrc", "/home/dev/.npmrc"));
	CHECK(find("netrc", "/home/other/.netrc"));
	CHECK(find("docker-config", "/srv/me/.docker/config.json"));
	CHECK(!inv.incomplete);
}

static void the_well_known_places_of_the_root_are_looked_at(void)
{
	begin();
	file("/run/secrets/kubernetes.io/serviceaccount/token");
	file("/run/secrets/db");
	file("/etc/ssh/ssh_host_rsa_key");
	file("/etc/ssl/private/key");
	listen_at("/run/docker.sock");
	listen_at("/run/user/1000/bus");
	file("/var/lib/kubelet/kubeconfig");
	run(NULL, NULL);
	show();
	CHECK(find("kubernetes-service-account", "/run/secrets/kubernetes.io/serviceaccount"));
	CHECK_INT(find("kubernetes-service-account", "/run/secrets/kubernetes.io/serviceaccount")
			  ->type,
		  ==, PLACE_DIRECTORY);
	CHECK(find("mounted-secret", "/run/secrets/db"));
	CHECK(!find("mounted-secret", "/run/secrets/kubernetes.io"));
	CHECK(find("ssh-host-key", "/etc/ssh/ssh_host_rsa_key"));
	CHECK(find("tls-key-store", "/etc/ssl/private"));
	CHECK(find("docker-socket", "/run/docker.sock"));
	CHECK_INT(find("docker-socket", "/run/docker.sock")->type, ==, PLACE_SOCKET);
	CHECK(find("dbus-session", "/run/user/1000/bus"));
	CHECK(find("kubeconfig", "/var/lib/kubelet/kubeconfig"));
}

static void a_var_run_of_its_own_counts_as_run(void)
{
	begin();
	listen_at("/var/run/docker.sock");
	file("/var/run/secrets/db");
	run(NULL, NULL);
	CHECK(find("docker-socket", "/var/run/docker.sock"));
	CHECK(find("mounted-secret", "/var/run/secrets/db"));
}

static void a_var_run_that_is_a_symlink_is_one_place(void)
{
	begin();
	listen_at("/run/docker.sock");
	link_to("../run", "/var/run");
	run(NULL, NULL);
	CHECK_INT(inv.n, ==, 1);
	CHECK_INT(inv.v[0].n_places, ==, 1);
}

static void what_is_of_another_type_is_none(void)
{
	begin();
	dir("/root/.netrc");
	file("/run/docker.sock");
	listen_at("/root/.git-credentials");
	dir("/root/.aws/credentials");
	must(mkfifo(at("/root/.pgpass"), 0600) == 0, "mkfifo");
	run("/root", NULL);
	show();
	CHECK(!is_anything("/root/.netrc"));
	CHECK(!is_anything("/run/docker.sock"));
	CHECK(!is_anything("/root/.git-credentials"));
	CHECK(!is_anything("/root/.aws/credentials"));
	CHECK(find("postgres-password", "/root/.pgpass")); /* some managers hand them out so */
}

static void variables_lead_to_credentials(void)
{
	begin();
	file("/opt/a/config");
	file("/opt/b/config");
	file("/opt/gcp.json");
	file("/opt/docker/config.json");
	file("/opt/azure/msal_token_cache.bin");
	file("/work/rel");
	listen_at("/opt/agent");
	listen_at("/opt/dockerd");
	env_v[0] = "KUBECONFIG=/opt/a/config:/opt/none:/opt/b/config:rel";
	env_v[1] = "GOOGLE_APPLICATION_CREDENTIALS=/opt/../opt/gcp.json";
	env_v[2] = "GOOGLE_APPLICATION_CREDENTIALS=/opt//gcp.json";
	env_v[3] = "DOCKER_CONFIG=/opt/docker";
	env_v[4] = "SSH_AUTH_SOCK=/opt/agent";
	env_v[5] = "DOCKER_HOST=unix:///opt/dockerd";
	env_v[6] = "AZURE_CONFIG_DIR=/opt/azure";
	env_v[7] = "PASSWORD_STORE_DIR=/opt";
	env.n = 8;
	run(NULL, "/work");
	show();
	CHECK(find("kubeconfig", "/opt/a/config"));
	CHECK(find("kubeconfig", "/opt/b/config"));
	CHECK(find("kubeconfig", "/work/rel"));
	CHECK(find("gcp-service-account", "/opt/gcp.json"));
	CHECK(find("docker-config", "/opt/docker/config.json"));
	CHECK(find("ssh-agent", "/opt/agent"));
	CHECK(find("docker-socket", "/opt/dockerd"));
	CHECK(find("azure-cli", "/opt/azure/msal_token_cache.bin"));
	CHECK(!is_anything("/opt")); /* a whole top directory is not believed */
	for (size_t i = 0; i < inv.n; i++)
		CHECK_INT(inv.v[i].by, ==, FOUND_BY_POINTER);
}

static void a_mount_is_known_by_where_it_comes_from(void)
{
	begin();
	bind_from("/home/me/.aws", "/aws");
	file("/aws/credentials");
	bind_from("/", "/host");
	file("/host/etc/rancher/k3s/k3s.yaml");
	file("/host/root/.netrc");
	file("/host/home/you/.kube/config");
	bind_from("/srv/users/me", "/me");
	file("/me/.cargo/credentials.toml");
	bind_from("/var/run/docker.sock", "/sock");
	must(rmdir(at("/sock")) == 0, "rmdir");
	listen_at("/sock");
	bind_from("/etc/ssl/private", "/tls");
	run(NULL, NULL);
	show();
	CHECK(find("aws-access-key", "/aws/credentials"));
	CHECK(find("kubeconfig", "/host/etc/rancher/k3s/k3s.yaml"));
	CHECK(find("netrc", "/host/root/.netrc"));
	CHECK(find("kubeconfig", "/host/home/you/.kube/config"));
	CHECK(find("cargo-token", "/me/.cargo/credentials.toml"));
	CHECK(find("docker-socket", "/sock"));
	CHECK(find("tls-key-store", "/tls"));
	CHECK_STR(find("aws-access-key", "/aws/credentials")->mount, "/aws");
}

static void a_fresh_tmpfs_is_no_root_of_a_host(void)
{
	begin();
	bind_from("/", "/mem");
	file("/mem/etc/rancher/k3s/k3s.yaml");
	file("/mem/root/.netrc");
	file("/mem/id_rsa");
	config.n_mounts = 0;
	mounts[1].source = (char *)(uintptr_t) "/";
	mounts[1].fs = (char *)(uintptr_t) "tmpfs";
	run(NULL, NULL);
	CHECK(!is_anything("/mem/etc/rancher/k3s/k3s.yaml"));
	CHECK(!is_anything("/mem/root/.netrc"));
	CHECK(find("ssh-key", "/mem/id_rsa"));
	mounts[1].fs = (char *)(uintptr_t) "ext4";
	run(NULL, NULL);
	CHECK(find("kubeconfig", "/mem/etc/rancher/k3s/k3s.yaml"));
	CHECK(find("netrc", "/mem/root/.netrc"));
	inventory_free(&inv);
	config.n_mounts = 1; /* what config.json says it is counts more */
	mounts[1].fs = (char *)(uintptr_t) "tmpfs";
	run(NULL, NULL);
	CHECK(find("netrc", "/mem/root/.netrc"));
}

static void a_mount_is_looked_at_two_levels_deep(void)
{
	begin();
	bind_from("/srv/x", "/work");
	file("/work/.env");
	file("/work/.env.example");
	file("/work/app/.npmrc");
	file("/work/app/id_rsa");
	file("/work/app/.git/config");
	file("/work/app/deeper/id_rsa");
	file("/work/certs/tls.key");
	run(NULL, "/work");
	show();
	CHECK(find("dotenv", "/work/.env"));
	CHECK(!is_anything("/work/.env.example"));
	CHECK(find("npmrc", "/work/app/.npmrc"));
	CHECK(find("ssh-key", "/work/app/id_rsa"));
	CHECK(find("git-config", "/work/app/.git/config"));
	CHECK(!is_anything("/work/app/deeper/id_rsa"));
	CHECK(find("tls-private-key", "/work/certs/tls.key"));
}

static void one_file_at_two_mounts_is_one_finding(void)
{
	begin();
	bind_from("/home/me", "/home/me");
	file("/home/me/.netrc");
	bind_from("/home/me", "/other");
	must(link(at("/home/me/.netrc"), at("/other/.netrc")) == 0, "link");
	run("/home/me", NULL);
	CHECK_INT(inv.n, ==, 1);
	CHECK_INT(inv.v[0].n_places, ==, 2);
}

static void a_projected_volume_is_one_finding(void)
{
	begin();
	bind_from("/var/lib/kubelet/pods/x", "/certs");
	file("/certs/..2024_11/tls.key");
	link_to("..2024_11", "/certs/..data");
	link_to("..data/tls.key", "/certs/tls.key");
	run(NULL, NULL);
	show();
	CHECK_INT(inv.n, ==, 1);
	CHECK(find("tls-private-key", "/certs/..2024_11/tls.key"));
}

static void a_symlink_is_believed_within_its_mount_alone(void)
{
	begin();
	bind_from("/srv/me", "/home/me");
	bind_from("/srv/data", "/mnt");
	file("/bin/sh");
	file("/mnt/aws");
	file("/home/me/real");
	link_to("/bin/sh", "/home/me/.netrc");
	link_to("/mnt/aws", "/home/me/.aws/credentials");
	link_to("real", "/home/me/.pgpass");
	link_to(".pypirc", "/home/me/.pypirc");
	link_to("../../../../../bin/sh", "/home/me/.git-credentials");
	link_to(".", "/home/me/.config");
	run("/home/me", "/home/me");
	show();
	CHECK(!is_anything("/bin/sh"));
	CHECK(find("aws-access-key", "/mnt/aws"));
	CHECK(find("postgres-password", "/home/me/real"));
}

static void a_directory_behind_a_symlink_is_followed(void)
{
	begin();
	file("/home/me/dotfiles/config/gh/hosts.yml");
	link_to("dotfiles/config", "/home/me/.config");
	run("/home/me", NULL);
	CHECK(find("github-cli", "/home/me/dotfiles/config/gh/hosts.yml"));
}

int main(void)
{
	if (begin_all() < 0)
		return 1;
	RUN(the_well_known_places_of_homes_are_looked_at);
	RUN(the_well_known_places_of_the_root_are_looked_at);
	RUN(a_var_run_of_its_own_counts_as_run);
	RUN(a_var_run_that_is_a_symlink_is_one_place);
	RUN(what_is_of_another_type_is_none);
	RUN(variables_lead_to_credentials);
	RUN(a_mount_is_known_by_where_it_comes_from);
	RUN(a_fresh_tmpfs_is_no_root_of_a_host);
	RUN(a_mount_is_looked_at_two_levels_deep);
	RUN(one_file_at_two_mounts_is_one_finding);
	RUN(a_projected_volume_is_one_finding);
	RUN(a_symlink_is_believed_within_its_mount_alone);
	RUN(a_directory_behind_a_symlink_is_followed);
	return end_all();
}
