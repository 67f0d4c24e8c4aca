// Compiles seccomp profiles with libseccomp the way runc does (its seccomp_linux.go: unknown calls and rules that say
// what the default says are left out) and answers what the compiled filter does with a call, by running the exported
// BPF program itself. Reads lines, writes one line for each `end` and `try`:
//
//   profile OPTIMIZE DEFAULT      arch NAME      rule ACTION CALL [INDEX OP A B]...      end
//   try ARCH CALL ARG0 ARG1 ARG2
#include <errno.h>
#include <inttypes.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define MOST_INSTRUCTIONS 32768

static struct sock_filter program[MOST_INSTRUCTIONS];
static size_t instructions;

static void die(const char *what) {
	fprintf(stderr, "seccomp-evaluate: %s\n", what);
	exit(2);
}

static uint64_t number(const char *text) {
	if (text == NULL) die("a number is missing");
	char *end;
	errno = 0;
	uint64_t value = strtoull(text, &end, 0);
	if (errno != 0 || *end != '\0' || end == text) die("not a number");
	return value;
}

static uint32_t word(const char *text) {
	uint64_t value = number(text);
	if (value > UINT32_MAX) die("not 32 bits");
	return (uint32_t)value;
}

static uint32_t architecture(const char *name) {
	uint32_t token = name == NULL ? 0 : seccomp_arch_resolve_name(name);
	if (token == 0) die("unknown architecture");
	return token;
}

// What the kernel's filter machine does, of the instructions seccomp allows (seccomp(2), linux/filter.h).
static uint32_t run(const struct seccomp_data *data) {
	uint32_t a = 0, x = 0, memory[BPF_MEMWORDS] = {0};
	for (size_t at = 0; at < instructions; at++) {
		const struct sock_filter *in = &program[at];
		switch (in->code) {
		case BPF_LD | BPF_W | BPF_ABS:
			if (in->k > sizeof *data - sizeof a) die("load outside the data");
			memcpy(&a, (const char *)data + in->k, sizeof a);
			break;
		case BPF_ALU | BPF_AND | BPF_K: a &= in->k; break;
		case BPF_ST: memory[in->k % BPF_MEMWORDS] = a; break;
		case BPF_LD | BPF_MEM: a = memory[in->k % BPF_MEMWORDS]; break;
		case BPF_MISC | BPF_TAX: x = a; break;
		case BPF_MISC | BPF_TXA: a = x; break;
		case BPF_JMP | BPF_JA: at += in->k; break;
		case BPF_JMP | BPF_JEQ | BPF_K: at += a == in->k ? in->jt : in->jf; break;
		case BPF_JMP | BPF_JGT | BPF_K: at += a > in->k ? in->jt : in->jf; break;
		case BPF_JMP | BPF_JGE | BPF_K: at += a >= in->k ? in->jt : in->jf; break;
		case BPF_JMP | BPF_JSET | BPF_K: at += (a & in->k) != 0 ? in->jt : in->jf; break;
		case BPF_RET | BPF_K: return in->k;
		default: die("unknown instruction");
		}
	}
	die("the program has no end");
	return 0;
}

static int add_rule(scmp_filter_ctx filter, uint32_t standard) {
	uint32_t action = word(strtok(NULL, " \n"));
	const char *name = strtok(NULL, " \n");
	if (name == NULL) die("a rule without a call");
	struct scmp_arg_cmp compared[6 * 8];
	unsigned count = 0, seen[6] = {0}, repeated = 0;
	for (const char *index; (index = strtok(NULL, " \n")) != NULL; count++) {
		if (count == sizeof compared / sizeof *compared) die("too many conditions");
		uint32_t argument = word(index);
		if (argument > 5) die("no such argument");
		int op = (int)word(strtok(NULL, " \n"));
		uint64_t first = number(strtok(NULL, " \n"));
		uint64_t second = number(strtok(NULL, " \n"));
		compared[count] = (struct scmp_arg_cmp){argument, (enum scmp_compare)op, first, second};
		repeated |= seen[argument]++;
	}
	int call = seccomp_syscall_resolve_name(name);
	if (call == __NR_SCMP_ERROR || action == standard) return 0;
	if (!repeated) return seccomp_rule_add_array(filter, action, call, count, compared);
	for (unsigned at = 0; at < count; at++) {
		int failed = seccomp_rule_add_array(filter, action, call, 1, &compared[at]);
		if (failed != 0) return failed;
	}
	return 0;
}

static int compile(scmp_filter_ctx filter) {
	int fd = memfd_create("filter", MFD_CLOEXEC);
	if (fd < 0) die("memfd_create");
	int failed = seccomp_export_bpf(filter, fd);
	off_t size = lseek(fd, 0, SEEK_END);
	if (failed == 0) {
		if (size < 0 || (size_t)size > sizeof program) die("the program is too long");
		if (pread(fd, program, (size_t)size, 0) != size) die("pread");
		instructions = (size_t)size / sizeof *program;
	}
	close(fd);
	return failed;
}

static void try(void) {
	const char *name = strtok(NULL, " \n");
	uint32_t arch = architecture(name);
	const char *call = strtok(NULL, " \n");
	if (call == NULL) die("a try without a call");
	// i386 has had numbers of its own for socket calls since 4.3, beside the multiplexer libseccomp knows them by.
	int nr = *call == '#' ? (int)word(call + 1) : seccomp_syscall_resolve_name_arch(arch, call);
	// x32 has no architecture of its own: its calls are those of x86_64 with a bit set in the number.
	uint32_t audit = arch == SCMP_ARCH_X32 ? AUDIT_ARCH_X86_64 : arch;
	struct seccomp_data data = {.nr = nr, .arch = audit};
	for (size_t at = 0; at < 3; at++) data.args[at] = number(strtok(NULL, " \n"));
	if (nr < 0) puts("absent");
	else printf("%" PRIu32 "\n", run(&data));
}

int main(void) {
	static char line[1 << 16];
	scmp_filter_ctx filter = NULL;
	uint32_t standard = 0;
	int failed = 0;
	while (fgets(line, sizeof line, stdin) != NULL) {
		if (strchr(line, '\n') == NULL) die("a line is too long");
		const char *verb = strtok(line, " \n");
		if (verb == NULL) die("an empty line");
		if (strcmp(verb, "profile") == 0) {
			uint32_t optimize = word(strtok(NULL, " \n"));
			standard = word(strtok(NULL, " \n"));
			filter = seccomp_init(standard);
			if (filter == NULL) die("seccomp_init");
			failed = seccomp_attr_set(filter, SCMP_FLTATR_CTL_OPTIMIZE, optimize);
		} else if (strcmp(verb, "arch") == 0) {
			int added = seccomp_arch_add(filter, architecture(strtok(NULL, " \n")));
			if (added != 0 && added != -EEXIST) failed = added;
		} else if (strcmp(verb, "rule") == 0) {
			int added = add_rule(filter, standard);
			if (added != 0 && failed == 0) failed = added;
		} else if (strcmp(verb, "end") == 0) {
			if (failed == 0) failed = compile(filter);
			printf("%d\n", failed);
			seccomp_release(filter);
			filter = NULL;
		} else if (strcmp(verb, "try") == 0) {
			try();
		} else {
			die("unknown verb");
		}
	}
	return fflush(stdout) == 0 && !ferror(stdin) ? 0 : 2;
}
