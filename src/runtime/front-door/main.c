/*
 * bulkhead-runtime: what engines find as `runc`. It asks bulkheadd about every new container, mounts what the answer
 * says, and becomes the real runc. Protocol: docs/architecture.md, "Front door and bulkheadd".
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "argv.h"
#include "facts.h"
#include "ids.h"
#include "link.h"
#include "log.h"
#include "mounts.h"
#include "paths.h"
#include "plan.h"

#define CONFIG_LIMIT (8u * 1024u * 1024u)

/*
 * runc needs nothing from the engine's environment but a PATH; LD_*, GODEBUG, LISTEN_FDS and its own _LIBCONTAINER_* would
 * change what it does. GOMAXPROCS is how containerd keeps its children's thread count low.
 */
static _Noreturn void become_runc(char **argv) {
  static char threads[24];
  static char path[] = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
  char *environment[] = {path, NULL, NULL};
  const char *wanted = getenv("GOMAXPROCS");
  if (wanted != NULL && strlen(wanted) < 5 && strspn(wanted, "0123456789") == strlen(wanted)) {
    snprintf(threads, sizeof threads, "GOMAXPROCS=%s", wanted);
    environment[1] = threads;
  }
  static char name[] = "runc";
  argv[0] = name;
  execve(BH_REAL_RUNC, argv, environment);
  fail("%s cannot be started: %s", BH_REAL_RUNC, strerror(errno));
}

static void say_hello(int link, const struct command_line *line, int bundle) {
  struct builder hello = {0};
  builder_add_text(&hello, "hello");
  builder_add_text(&hello, "1");
  builder_add_text(&hello, line->name);
  builder_add_text(&hello, line->root);
  builder_add_text(&hello, line->id);
  add_real_path(&hello, bundle, "the bundle directory");
  add_file(&hello, AT_FDCWD, "/proc/self/stat", 4096, "/proc/self/stat");
  add_file(&hello, bundle, "config.json", CONFIG_LIMIT, "config.json of the bundle");
  link_send(link, &hello);
}

/* Receives a message with the wanted verb; a refusal may come in place of any answer. */
static struct message expect(int link, const char *verb) {
  struct message message = link_receive(link);
  const struct field *fields = message.fields;
  if (fields[0].text && strcmp(fields[0].data, verb) == 0) return message;
  if (message.count == 3 && fields[0].text && strcmp(fields[0].data, "refuse") == 0 && fields[1].text && fields[2].text)
    fail_with_code(fields[1].data, fields[2].data);
  fail("the answer of bulkheadd is malformed: \"%s\" was expected", verb);
}

static void stage_container(const struct command_line *line) {
  open_log_file();
  /* Before anything is opened: descriptors of another namespace's mounts could not be cloned, and failing leaves nothing behind. */
  enter_private_mounts();
  const int bundle = open(line->bundle, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (bundle < 0) fail("the bundle %s cannot be opened: %s", line->bundle, strerror(errno));
  const int link = link_connect();
  say_hello(link, line, bundle);

  const struct message paths = expect(link, "open");
  const size_t count = paths.count - 1;
  struct builder facts = {0};
  builder_add_text(&facts, "facts");
  struct source *sources = open_sources(&paths, count, &facts);
  link_send(link, &facts);

  const struct message answer = expect(link, "plan");
  struct plan plan;
  char error[160];
  if (!plan_parse(&answer, count, &plan, error, sizeof error)) fail("the plan of bulkheadd is malformed: %s", error);
  const int here = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);
  carry_out(&plan, sources, bundle);
  give_streams(plan.ops[0].base);
  /* Relative arguments of runc start from where it was called. */
  if (here < 0 || fchdir(here) != 0) fail("the working directory is gone: %s", strerror(errno));
}

int main(int argc, char **argv) {
  struct command_line line;
  parse_command_line(argc, argv, &line);
  set_log_file(line.log);
  if (line.name != NULL && strcmp(line.name, "run") == 0) repeat_on_stderr();
  if (line.kind == COMMAND_REFUSED) fail("%s", line.error);
  if (line.kind == COMMAND_STAGED) stage_container(&line);
  if (line.kind == COMMAND_PASSED && line.name != NULL && strcmp(line.name, "exec") == 0) give_streams_to_running();
  become_runc(argv);
}
