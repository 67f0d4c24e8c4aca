/* Unit tests of what the front door parses. Prints each failure; the exit status is the verdict. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "argv.h"
#include "log.h"
#include "plan.h"

static int failures, checks;

static void check(bool holds, const char *what, const char *shown) {
  checks++;
  if (holds) return;
  failures++;
  printf("FAILED: %s: %s\n", what, shown);
}

/* ---- command lines ---- */

/* Splits at blanks; `''` stands for an empty argument. */
static struct command_line parse(const char *text) {
  static char copy[512];
  static char empty[] = "";
  char *argv[32] = {0};
  int argc = 0;
  snprintf(copy, sizeof copy, "%s", text);
  for (char *word = strtok(copy, " "); word != NULL; word = strtok(NULL, " ")) argv[argc++] = strcmp(word, "''") == 0 ? empty : word;
  struct command_line line;
  parse_command_line(argc, argv, &line);
  return line;
}

static void passes(const char *text) { check(parse(text).kind == COMMAND_PASSED, "must be passed on", text); }

static void refuses(const char *text, const char *because) {
  const struct command_line line = parse(text);
  check(line.kind == COMMAND_REFUSED && strstr(line.error, because) != NULL, text, line.error);
}

static void stages(const char *text, const char *root, const char *bundle, const char *id) {
  const struct command_line line = parse(text);
  check(line.kind == COMMAND_STAGED, "must be staged", text);
  if (line.kind != COMMAND_STAGED) return;
  check(strcmp(line.root, root) == 0, text, line.root);
  check(strcmp(line.bundle, bundle) == 0, text, line.bundle);
  check(strcmp(line.id, id) == 0, text, line.id);
}

static void command_lines(void) {
  passes("runc");
  passes("runc --version");
  passes("runc -v");
  passes("runc --root /r --log /l --log-format json --systemd-cgroup start x");
  passes("runc --root=/r state x");
  passes("runc -root /r -debug exec --process /p --detach x --bundle y");
  passes("runc --criu create delete --force x"); /* create is the value of --criu */
  passes("runc features");
  passes("runc --debug=false kill x 9");
  stages("runc --root /r --log /l --log-format json --systemd-cgroup create --bundle /b --pid-file /b/init.pid --console-socket /s id", "/r", "/b", "id");
  stages("runc --log /l --log-format json run --bundle /b --keep id", "/run/runc", "/b", "id");
  stages("runc --root=/r create -b=/b --no-pivot id", "/r", "/b", "id");
  stages("runc run id", "/run/runc", ".", "id");
  stages("runc --rootless true create --preserve-fds 2 id", "/run/runc", ".", "id");
  stages("runc restore --image-path /i --work-path /w --detach --no-subreaper --bundle /b id", "/run/runc", "/b", "id");
  stages("runc --root /a --root /b create id", "/b", ".", "id");
  refuses("runc --unknown create id", "--unknown is not known");
  refuses("runc --roo /r create id", "--roo is not known");
  refuses("runc -- create id", "-- is not known");
  refuses("runc ---root /r create id", "---root is not known");
  refuses("runc - create", "command - is not known");
  refuses("runc init", "command init is not known");
  refuses("runc Create id", "command Create is not known");
  refuses("runc creat id", "command creat is not known");
  refuses("runc --root", "has no value");
  refuses("runc --root --debug create id", "has no value");
  refuses("runc create", "needs the container id");
  refuses("runc create id --bundle /other", "needs the container id"); /* runc would take the bundle */
  refuses("runc create --bundle /a id id2", "needs the container id");
  refuses("runc create --bundle /a --bundle /b id", "twice");
  refuses("runc create -b /a --bundle=/b id", "twice");
  refuses("runc create --keep id", "--keep is not known"); /* a flag of run */
  refuses("runc create --bundle= id", "bundle is empty");
  refuses("runc --root= create id", "--root is not absolute");
  refuses("runc --root state create id", "--root is not absolute");
  refuses("runc create -- id", "-- is not known");
  refuses("runc create ../x", "id is not valid");
  refuses("runc create ..", "id is not valid");
  refuses("runc create ''", "id is not valid");
  refuses("runc run --pid-file", "has no value");
}

/* ---- plans ---- */

/* Builds a message of the arguments up to NULL, parses it with 4 sources and returns the error, NULL for none. */
static const char *plan_error(const char *first, ...) {
  static char error[160];
  struct builder builder = {0};
  builder_add_text(&builder, "plan");
  va_list fields;
  va_start(fields, first);
  for (const char *field = first; field != NULL; field = va_arg(fields, const char *)) builder_add_text(&builder, field);
  va_end(fields);
  builder_finish(&builder);
  /* An exact allocation, so that ASan sees one byte too many. */
  char *payload = malloc(builder.size - 4 + 1);
  if (payload == NULL) abort();
  memcpy(payload, builder.data + 4, builder.size - 4);
  struct message message;
  struct plan plan;
  const char *wrong = message_parse(payload, builder.size - 4, &message);
  bool parsed = false;
  if (wrong == NULL) parsed = plan_parse(&message, 4, &plan, error, sizeof error);
  if (parsed) free(plan.ops);
  free(message.fields);
  free(payload);
  free(builder.data);
  return wrong != NULL ? wrong : parsed ? NULL : error;
}

#define USERNS "userns", "100000", "65536", "0", "0"
#define ROOT "layer", "/l", "upper", "/u", "overlay", "0", "/", "fs", "work", ""
#define CONFIG "config", "{}"
#define ACCEPT(...) do { const char *e = plan_error(__VA_ARGS__, (char *)NULL); check(e == NULL, "must be accepted: " #__VA_ARGS__, e == NULL ? "" : e); } while (0)
#define REFUSE(text, ...) do { const char *e = plan_error(__VA_ARGS__, (char *)NULL); check(e != NULL && strstr(e, text) != NULL, "must be refused: " #__VA_ARGS__, e == NULL ? "accepted" : e); } while (0)

static void plans(void) {
  ACCEPT(USERNS, ROOT, CONFIG);
  ACCEPT(USERNS, "root-bind", "root-readonly", "bind", "1", "ro,nosuid,nodev,noexec,idmap,recursive", "bind", "3", "", CONFIG);
  ACCEPT(USERNS, ROOT, "mountpoint", "-", "/a/b", "mountpoint", "3", "/c", "root-readonly", CONFIG);
  ACCEPT(USERNS, "layer", "/l", "layer", "/m", "upper", "/u", "overlay", "0", "/", "fs", "work", "volatile", CONFIG);
  REFUSE("operation 1 (layer) is not userns", ROOT, CONFIG);
  REFUSE("operation 5 (the end) is not config", USERNS, ROOT);
  REFUSE("operation 2 (config) is not the root", USERNS, CONFIG);
  REFUSE("operation 2 (upper) is not the root", USERNS, "upper", "/u", "overlay", "0", "/", "fs", "work", "", CONFIG);
  REFUSE("operation 3 (root-bind) is not the overlay", USERNS, "layer", "/l", "root-bind", CONFIG);
  REFUSE("operation 2 (userns) is not the root", USERNS, USERNS, ROOT, CONFIG);
  REFUSE("operation 5 (root-bind) is not config", USERNS, ROOT, "root-bind", CONFIG);
  REFUSE("operation 6 (mountpoint) is not config", USERNS, ROOT, "root-readonly", "mountpoint", "-", "/a", CONFIG);
  REFUSE("operation 6 (bind) follows config", USERNS, ROOT, CONFIG, "bind", "1", "");
  REFUSE("operation 6 (config) follows config", USERNS, ROOT, CONFIG, CONFIG);
  REFUSE("operation 5 (exec) is not config", USERNS, ROOT, "exec", "/bin/sh", CONFIG);
  REFUSE("lacks an argument", USERNS, ROOT, "config");
  REFUSE("bad argument", USERNS, ROOT, "config", "");
  REFUSE("bad argument", "userns", "0", "65536", "0", "0", ROOT, CONFIG);
  REFUSE("bad argument", "userns", "65535", "65536", "0", "0", ROOT, CONFIG);
  REFUSE("bad argument", "userns", "100000", "0", "0", "0", ROOT, CONFIG);
  REFUSE("bad argument", "userns", "0100000", "65536", "0", "0", ROOT, CONFIG);
  REFUSE("bad argument", "userns", "+100000", "65536", "0", "0", ROOT, CONFIG);
  REFUSE("bad argument", "userns", "2147483647", "2", "0", "0", ROOT, CONFIG);
  ACCEPT("userns", "2147483647", "1", "0", "0", ROOT, CONFIG);
  ACCEPT("userns", "100000", "65536", "1000", "65535", ROOT, CONFIG);
  REFUSE("bad argument", "userns", "100000", "65536", "65536", "0", ROOT, CONFIG);
  REFUSE("bad argument", "userns", "100000", "65536", "0", "65536", ROOT, CONFIG);
  REFUSE("bad argument", "userns", "100000", "65536", "-1", "0", ROOT, CONFIG);
  REFUSE("bad argument", "userns", "9999999999", "1", "0", "0", ROOT, CONFIG);
  REFUSE("bad argument", USERNS, "layer", "relative", "upper", "/u", "overlay", "0", "/", "fs", "work", "", CONFIG);
  REFUSE("bad argument", USERNS, "layer", "/l", "upper", "/u", "overlay", "0", "/", "../fs", "work", "", CONFIG);
  REFUSE("bad argument", USERNS, "layer", "/l", "upper", "/u", "overlay", "0", "/", "fs", "fs", "", CONFIG);
  REFUSE("bad argument", USERNS, "layer", "/l", "upper", "/u", "overlay", "0", "/", "fs", "a:b", "", CONFIG);
  REFUSE("bad argument", USERNS, "layer", "/l", "upper", "/u", "overlay", "0", "/", "fs,upperdir=x", "work", "", CONFIG);
  REFUSE("bad argument", USERNS, "layer", "/l", "upper", "/u", "overlay", "0", "/", "fs", "work", "lowerdir=l9", CONFIG);
  REFUSE("bad argument", USERNS, "layer", "/l", "upper", "/u", "overlay", "0", "/", "fs", "work", "volatile,upperdir=x", CONFIG);
  REFUSE("bad argument", USERNS, "layer", "/l", "upper", "/u", "overlay", "0", "/", "fs", "work", "volatile,", CONFIG);
  REFUSE("bad argument", USERNS, "layer", "/l", "upper", "/u", "overlay", "0", "/", "fs", "work", "xino=on", CONFIG);
  REFUSE("bad argument", USERNS, "layer", "/l", "upper", "/u", "overlay", "0", "/", "fs", "work", "index=on", CONFIG);
  /* Overlays of bind sources. */
  ACCEPT(USERNS, "layer", "/l", "layer", "/m", "overlay", "0", "/", "", "", "", CONFIG);
  ACCEPT(USERNS, ROOT, "layer", "/m", "layer", "/n", "overlay", "2", "/a/b", "", "", "", "bind", "2", "ro", CONFIG);
  ACCEPT(USERNS, "layer", "/m", "upper", "/u", "overlay", "1", "/", "fs", "work", "", "root-bind", "bind", "1", "", CONFIG);
  REFUSE("do not fit", USERNS, "layer", "/l", "upper", "/u", "overlay", "0", "/", "", "", "", CONFIG);
  REFUSE("do not fit", USERNS, "layer", "/l", "overlay", "0", "/", "fs", "work", "", CONFIG);
  REFUSE("(overlay) is not config", USERNS, ROOT, "overlay", "1", "/", "", "", "", CONFIG);
  REFUSE("(config) is not the overlay", USERNS, ROOT, "layer", "/l", CONFIG);
  REFUSE("(upper) is not the root", USERNS, "upper", "/u", "root-bind", CONFIG);
  REFUSE("(upper) is not config", USERNS, ROOT, "upper", "/u", "root-bind", CONFIG);
  REFUSE("(layer) is not config", USERNS, "root-bind", "layer", "/l", "overlay", "1", "/", "", "", "", CONFIG);
  REFUSE("(root-bind) is not config", USERNS, ROOT, "root-bind", CONFIG);
  REFUSE("same path as another", USERNS, ROOT, ROOT, CONFIG);
  REFUSE("bad argument", USERNS, "layer", "/l", "overlay", "0", "/a", "", "", "", CONFIG);
  REFUSE("bad argument", USERNS, ROOT, "layer", "/l", "overlay", "4", "/", "", "", "", CONFIG);
  REFUSE("bad argument", USERNS, ROOT, "layer", "/l", "overlay", "1", "/../a", "", "", "", CONFIG);
  REFUSE("bad argument", USERNS, ROOT, "layer", "/l", "overlay", "1", "", "", "", "", CONFIG);
  REFUSE("bad argument", USERNS, ROOT, "layer", "/l", "overlay", "1", "/", "", "work", "", CONFIG);
  REFUSE("maps an overlay", USERNS, ROOT, "layer", "/l", "overlay", "1", "/", "", "", "", "bind", "1", "idmap", CONFIG);
  REFUSE("bad argument", USERNS, ROOT, "bind", "0", "", CONFIG); /* the root is no bind */
  REFUSE("bad argument", USERNS, ROOT, "bind", "4", "", CONFIG);
  REFUSE("bad argument", USERNS, ROOT, "bind", "1", "rw", CONFIG);
  REFUSE("bad argument", USERNS, ROOT, "bind", "1", "ro,ro", CONFIG);
  REFUSE("bad argument", USERNS, ROOT, "bind", "1", "ro,", CONFIG);
  REFUSE("bad argument", USERNS, ROOT, "bind", "1", "r", CONFIG);
  REFUSE("same path as another", USERNS, ROOT, "bind", "1", "", "bind", "1", "", CONFIG);
  REFUSE("bad argument", USERNS, ROOT, "mountpoint", "-", "/a/../b", CONFIG);
  REFUSE("bad argument", USERNS, ROOT, "mountpoint", "-", "/", CONFIG);
  REFUSE("bad argument", USERNS, ROOT, "mountpoint", "4", "/a", CONFIG);
  REFUSE("bad argument", USERNS, ROOT, "mountpoint", "", "/a", CONFIG);
}

/* ---- messages and the log ---- */

static void payload_error(const char *bytes, size_t size, const char *expected) {
  char *payload = malloc(size + 1);
  if (payload == NULL) abort();
  memcpy(payload, bytes, size);
  struct message message;
  const char *wrong = message_parse(payload, size, &message);
  check(wrong != NULL && strcmp(wrong, expected) == 0, expected, wrong == NULL ? "accepted" : wrong);
  free(message.fields);
  free(payload);
}

static void messages(void) {
  payload_error("", 0, "it is empty");
  payload_error("\1\0\0", 3, "a length is cut off");
  payload_error("\1\0\0\0", 4, "a field is longer than its message");
  payload_error("\1\0\0\0a\377\377\377\377", 9, "a field is longer than its message");
  char text[64];
  escape_json("a\"\\\n\x1b\xc3\xa9\xff\xed\xa0\x80z", text, sizeof text);
  check(strcmp(text, "a\\\"\\\\\\u000a\\u001b\xc3\xa9\xff\xed\xa0\x80z") == 0, "JSON text", text);
  char cut[16];
  check(escape_json("\x01\x01\x01\x01", cut, sizeof cut) < sizeof cut, "JSON text is cut", cut);
}

int main(void) {
  command_lines();
  plans();
  messages();
  printf("%d checks, %d failed\n", checks, failures);
  return failures == 0 ? 0 : 1;
}
