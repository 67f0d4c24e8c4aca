/*
 * Entry into native mode: gives the engine namespaces of its own, makes the VM's root file system its root, and
 * runs the VM's PID 1 there. A chroot would not do: a chrooted process may not create user namespaces
 * (user_namespaces(7)), so every container would fail; pivot_root(2) has no such limit.
 *
 * Nothing may stay behind: this process stops with its parent, PID 1 dies with this process, and with PID 1 the kernel
 * ends every process of the pid namespace and drops mounts, network and sockets. Only the cgroups outlive that;
 * they are removed here after PID 1 has gone, and at the next start when this process itself was killed.
 */
#include "enter.h"

#include <errno.h>
#include <getopt.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../../egress/network/way.h"

static volatile sig_atomic_t init_pid;

static void forward_signal(int number)
{
	if (init_pid > 0)
		kill((pid_t)init_pid, number);
}

static void die_with_parent(pid_t parent)
{
	/* SIGTERM, not SIGKILL: passed on to PID 1 it ends in an orderly stop, after which the cgroups can be removed. */
	if (prctl(PR_SET_PDEATHSIG, SIGTERM) != 0)
		die("prctl");
	/* The parent may have died before the line above. */
	if (getppid() != parent)
		_exit(1);
}

static struct enter_options parse(int argc, char **argv)
{
	static const struct option table[] = {
		{"root", required_argument, NULL, 'r'},   {"data", required_argument, NULL, 'd'},
		{"host-dir", required_argument, NULL, 'h'}, {"cgroup", required_argument, NULL, 'c'},
		{"phase-fd", required_argument, NULL, 'p'}, {"share", required_argument, NULL, 's'},
		{"ssh-agent", required_argument, NULL, 'a'}, {"policy", required_argument, NULL, 'o'},
		{"settings", required_argument, NULL, 'e'}, {"registry", required_argument, NULL, 'g'},
		{"authority", required_argument, NULL, 'u'}, {"publishers", required_argument, NULL, 'b'},
		{"egress", required_argument, NULL, 'w'}, {"relay", required_argument, NULL, 'y'},
		{NULL, 0, NULL, 0},
	};
	struct enter_options o = {.agent_fd = -1, .policy_fd = -1, .settings_fd = -1, .registry_fd = -1, .publishers_fd = -1, .authority_fd = -1};
	char *rest;
	int letter;

	while ((letter = getopt_long(argc, argv, "", table, NULL)) != -1) {
		switch (letter) {
		case 'r': o.root = optarg; break;
		case 'd': o.data = optarg; break;
		case 'h': o.host_dir = optarg; break;
		case 'c': o.cgroup = optarg; break;
		case 'p': o.phase_fd = optarg; break;
		case 's': share_parse(&o, optarg); break;
		case 'a': o.agent_fd = descriptor_of(optarg, '\0', &rest); break;
		case 'o': o.policy_fd = descriptor_of(optarg, '\0', &rest); break;
		case 'e': o.settings_fd = descriptor_of(optarg, '\0', &rest); break;
		case 'g': o.registry_fd = descriptor_of(optarg, '\0', &rest); break;
		case 'b': o.publishers_fd = descriptor_of(optarg, '\0', &rest); break;
		case 'u': o.authority_fd = descriptor_of(optarg, '\0', &rest); break;
		case 'w': o.egress = optarg; break;
		case 'y': o.relay = optarg; break;
		default: exit(64);
		}
	}
	if (!o.root || !o.data || !o.host_dir || !o.cgroup || !o.phase_fd || !o.egress != !o.relay || optind != argc)
		die_text("usage", "enter --root R --data D --host-dir H --cgroup NAME --phase-fd N [--share rw|ro:FD:PATH]... [--ssh-agent FD] [--policy FD] [--settings FD] [--registry FD] [--publishers FD] [--authority FD] [--egress SOCKET --relay PROGRAM]");
	if (strchr(o.cgroup, '/') || o.cgroup[0] == '.')
		die_text("cgroup", "the name must not hold a slash or begin with a dot");
	return o;
}

/* The arguments of init; the last is a null pointer. */
struct arguments {
	char *words[24];
	size_t count;
};

static void add_word(struct arguments *a, const char *word)
{
	/* One is left for the null pointer. */
	if (a->count + 1 >= sizeof(a->words) / sizeof(a->words[0]))
		die_text("init", "too many arguments");
	a->words[a->count++] = (char *)word;
}

/* Adds `option NUMBER`; `number` holds the text. */
static void add_descriptor(struct arguments *a, const char *option, char number[16], int fd)
{
	snprintf(number, 16, "%d", fd);
	add_word(a, option);
	add_word(a, number);
}

/* Runs as PID 1 of the new pid namespace. */
static _Noreturn void become_init(const struct enter_options *o, int keeper)
{
	char list[16], policy[16], settings[16], registry[16], publishers[16], authority[16];
	struct arguments a = {.words = {(char *)"init", (char *)"--native", (char *)"--phase-fd", (char *)o->phase_fd,
					(char *)"--host-dir", (char *)"/run/bulkhead/host"},
			      .count = 6};
	char *const envp[] = {(char *)"PATH=/usr/sbin:/usr/bin:/usr/lib/bulkhead", NULL};

	if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0)
		die("prctl");
	/* The cgroup namespace is rooted where its creator sits, so the move comes first. */
	cgroup_enter(o->cgroup);
	shares_clone(o);
	if (unshare(CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWCGROUP) != 0)
		die("unshare");
	if (o->egress)
		egress_open(keeper, o->authority_fd >= 0);
	umask(022);
	tree_enter(o);
	add_descriptor(&a, "--shares-fd", list, shares_list(o));
	if (o->agent_fd >= 0)
		add_word(&a, "--ssh-agent");
	if (o->egress) {
		add_word(&a, "--resolver");
		add_word(&a, EGRESS_WAY4);
	}
	if (o->policy_fd >= 0)
		add_descriptor(&a, "--policy-fd", policy, sealed_copy(o->policy_fd, "policy"));
	if (o->settings_fd >= 0)
		add_descriptor(&a, "--settings-fd", settings, sealed_copy(o->settings_fd, "settings"));
	if (o->registry_fd >= 0)
		add_descriptor(&a, "--registry-fd", registry, sealed_copy(o->registry_fd, "registry"));
	if (o->publishers_fd >= 0)
		add_descriptor(&a, "--publishers-fd", publishers, sealed_copy(o->publishers_fd, "publishers"));
	if (o->authority_fd >= 0)
		add_descriptor(&a, "--authority-fd", authority, sealed_copy(o->authority_fd, "authority"));
	execve("/usr/lib/bulkhead/init", a.words, envp);
	die("execve /usr/lib/bulkhead/init");
}

int main(int argc, char **argv)
{
	const pid_t parent = getppid();
	const struct enter_options o = parse(argc, argv);
	struct sigaction forward = {.sa_handler = forward_signal};
	sigset_t stops, before;
	int status = 0, keeper = -1;

	/* A stop that comes before there is a PID 1 to pass it on to must wait for it. */
	sigemptyset(&stops);
	sigaddset(&stops, SIGTERM);
	sigaddset(&stops, SIGINT);
	sigprocmask(SIG_BLOCK, &stops, &before);
	die_with_parent(parent);
	cgroup_remove(o.cgroup);
	/* Before there is another pid namespace, of which its children would be. */
	if (o.egress)
		keeper = egress_start_relay(&o);
	/* The other namespaces are the child's: this process must keep the host's mounts to remove the cgroups. */
	if (unshare(CLONE_NEWPID) != 0)
		die("unshare");

	const pid_t child = fork();
	if (child < 0)
		die("fork");
	if (child == 0) {
		sigprocmask(SIG_SETMASK, &before, NULL);
		become_init(&o, keeper);
	}

	if (keeper >= 0)
		close(keeper);
	init_pid = child;
	sigaction(SIGTERM, &forward, NULL);
	sigaction(SIGINT, &forward, NULL);
	sigprocmask(SIG_SETMASK, &before, NULL);
	while (waitpid(child, &status, 0) < 0)
		if (errno != EINTR)
			die("waitpid");
	cgroup_remove(o.cgroup);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
