#include "argv.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

/* The options of a command, or those before it: names between blanks. */
struct options {
  const char *command;
  const char *switches;
  const char *valued;
};

/* --criu is hidden and ignored by runc 1.3, but still takes a value. */
static const struct options global = {NULL, "debug systemd-cgroup", "root log log-format criu rootless"};
static const char global_shown[] = "help h version v";

static const struct options staged[] = {
    {"create", "no-pivot no-new-keyring", "bundle b console-socket pidfd-socket pid-file preserve-fds"},
    {"run", "no-pivot no-new-keyring detach d keep no-subreaper",
     "bundle b console-socket pidfd-socket pid-file preserve-fds"},
    {"restore", "tcp-established ext-unix-sk shell-job file-locks detach d no-subreaper no-pivot auto-dedup lazy-pages",
     "bundle b console-socket image-path work-path manage-cgroups-mode pid-file empty-ns lsm-profile lsm-mount-context"},
};

/* `init` is not here: runc starts it through /proc/self/exe, which is never this program. */
static const char passed[] =
    "start state kill delete exec list ps pause resume update events spec features checkpoint help h";

__attribute__((format(printf, 2, 3))) static void refuse(struct command_line *line, const char *format, ...) {
  va_list values;
  va_start(values, format);
  vsnprintf(line->error, sizeof line->error, format, values);
  va_end(values);
  line->kind = COMMAND_REFUSED;
}

static bool is_one_of(const char *names, const char *name, size_t size) {
  for (; *names != '\0'; names += *names == ' ') {
    const size_t length = strcspn(names, " ");
    if (length == size && memcmp(names, name, size) == 0) return true;
    names += length;
  }
  return false;
}

/* Reads options from argv[at] on; returns the index of the first argument that is none, or -1 when refused. */
static int parse_options(int argc, char **argv, int at, const struct options *known, struct command_line *line) {
  for (; at < argc && argv[at][0] == '-' && argv[at][1] != '\0'; at++) {
    const char *argument = argv[at];
    const char *name = argument + (argument[1] == '-' ? 2 : 1);
    const size_t size = strcspn(name, "=");
    if (is_one_of(known->switches, name, size)) continue;
    if (known == &global && is_one_of(global_shown, name, size)) return line->kind = COMMAND_PASSED, at;
    if (!is_one_of(known->valued, name, size)) return refuse(line, "the option %.60s is not known", argument), -1;
    const char *value = name + size + 1;
    if (name[size] == '\0') {
      /* A value that looks like an option is one runc would take and a reader would not: refuse both readings. */
      if (at + 1 >= argc || argv[at + 1][0] == '-') return refuse(line, "the option %.60s has no value", argument), -1;
      value = argv[++at];
    }
    if (is_one_of("root", name, size)) line->root = value;
    if (is_one_of("log", name, size)) line->log = value;
    if (is_one_of("bundle b", name, size)) {
      if (line->bundle != NULL) return refuse(line, "the bundle is given twice"), -1;
      line->bundle = value;
    }
  }
  return at;
}

/* The id becomes the name of a directory below --root, for runc and for bulkheadd. */
static bool is_container_id(const char *id) {
  const size_t size = strlen(id);
  const char *const allowed = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_+.-";
  return size > 0 && size <= 255 && strspn(id, allowed) == size && strcmp(id, ".") != 0 && strcmp(id, "..") != 0;
}

static void parse_staged(int argc, char **argv, int at, struct command_line *line) {
  /* runc also accepts options after the id, so one found there could name another bundle than the one checked. */
  if (at + 1 != argc) return refuse(line, "%s needs the container id, once, as its last argument", line->name);
  if (!is_container_id(argv[at])) return refuse(line, "the container id is not valid");
  if (line->root[0] != '/') return refuse(line, "the path of --root is not absolute");
  if (line->bundle == NULL) line->bundle = ".";
  if (line->bundle[0] == '\0') return refuse(line, "the path of the bundle is empty");
  line->id = argv[at];
  line->kind = COMMAND_STAGED;
}

void parse_command_line(int argc, char **argv, struct command_line *line) {
  *line = (struct command_line){.kind = COMMAND_REFUSED, .root = "/run/runc"};
  int at = parse_options(argc, argv, 1, &global, line);
  if (at < 0 || line->kind == COMMAND_PASSED) return;
  line->name = argv[at];
  /* runc alone prints its help. */
  if (at == argc || is_one_of(passed, line->name, strlen(line->name))) {
    line->kind = COMMAND_PASSED;
    return;
  }
  for (size_t i = 0; i < sizeof staged / sizeof *staged; i++) {
    if (strcmp(staged[i].command, line->name) != 0) continue;
    at = parse_options(argc, argv, at + 1, &staged[i], line);
    if (at >= 0) parse_staged(argc, argv, at, line);
    return;
  }
  refuse(line, "the command %.60s is not known", line->name);
}
