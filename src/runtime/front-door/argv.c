#include "argv.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

enum flag_kind { FLAG_UNKNOWN, FLAG_SWITCH, FLAG_VALUE, FLAG_ROOT, FLAG_LOG, FLAG_BUNDLE, FLAG_SHOW };

struct flag {
  const char *name;
  enum flag_kind kind;
};

/* --criu is hidden and ignored by runc 1.3, but still takes a value. */
static const struct flag global_flags[] = {
    {"root", FLAG_ROOT},     {"log", FLAG_LOG},         {"log-format", FLAG_VALUE}, {"debug", FLAG_SWITCH},
    {"criu", FLAG_VALUE},    {"rootless", FLAG_VALUE},  {"systemd-cgroup", FLAG_SWITCH},
    {"help", FLAG_SHOW},     {"h", FLAG_SHOW},          {"version", FLAG_SHOW},     {"v", FLAG_SHOW},
    {NULL, FLAG_UNKNOWN},
};

static const struct flag create_flags[] = {
    {"bundle", FLAG_BUNDLE},       {"b", FLAG_BUNDLE},          {"console-socket", FLAG_VALUE},
    {"pidfd-socket", FLAG_VALUE},  {"pid-file", FLAG_VALUE},    {"no-pivot", FLAG_SWITCH},
    {"no-new-keyring", FLAG_SWITCH}, {"preserve-fds", FLAG_VALUE}, {NULL, FLAG_UNKNOWN},
};

static const struct flag run_flags[] = {
    {"bundle", FLAG_BUNDLE},       {"b", FLAG_BUNDLE},          {"console-socket", FLAG_VALUE},
    {"pidfd-socket", FLAG_VALUE},  {"pid-file", FLAG_VALUE},    {"no-pivot", FLAG_SWITCH},
    {"no-new-keyring", FLAG_SWITCH}, {"preserve-fds", FLAG_VALUE}, {"detach", FLAG_SWITCH},
    {"d", FLAG_SWITCH},            {"keep", FLAG_SWITCH},       {"no-subreaper", FLAG_SWITCH},
    {NULL, FLAG_UNKNOWN},
};

static const struct flag restore_flags[] = {
    {"bundle", FLAG_BUNDLE},       {"b", FLAG_BUNDLE},          {"console-socket", FLAG_VALUE},
    {"image-path", FLAG_VALUE},    {"work-path", FLAG_VALUE},   {"tcp-established", FLAG_SWITCH},
    {"ext-unix-sk", FLAG_SWITCH},  {"shell-job", FLAG_SWITCH},  {"file-locks", FLAG_SWITCH},
    {"manage-cgroups-mode", FLAG_VALUE}, {"detach", FLAG_SWITCH}, {"d", FLAG_SWITCH},
    {"pid-file", FLAG_VALUE},      {"no-subreaper", FLAG_SWITCH}, {"no-pivot", FLAG_SWITCH},
    {"empty-ns", FLAG_VALUE},      {"auto-dedup", FLAG_SWITCH}, {"lazy-pages", FLAG_SWITCH},
    {"lsm-profile", FLAG_VALUE},   {"lsm-mount-context", FLAG_VALUE}, {NULL, FLAG_UNKNOWN},
};

/* `init` is not here: runc starts it through /proc/self/exe, which is never this program. */
static const char *const passed_commands[] = {
    "start", "state", "kill", "delete", "exec",     "list",       "ps",   "pause", "resume",
    "update", "events", "spec", "features", "checkpoint", "help", "h",     NULL,
};

__attribute__((format(printf, 2, 3))) static void refuse(struct command_line *line, const char *format, ...) {
  va_list values;
  va_start(values, format);
  vsnprintf(line->error, sizeof line->error, format, values);
  va_end(values);
  line->kind = COMMAND_REFUSED;
}

static enum flag_kind find_flag(const struct flag *flags, const char *name, size_t size) {
  for (; flags->name != NULL; flags++)
    if (strlen(flags->name) == size && memcmp(flags->name, name, size) == 0) return flags->kind;
  return FLAG_UNKNOWN;
}

static const struct flag *staged_flags(const char *name) {
  if (strcmp(name, "create") == 0) return create_flags;
  if (strcmp(name, "run") == 0) return run_flags;
  if (strcmp(name, "restore") == 0) return restore_flags;
  return NULL;
}

static bool is_passed(const char *name) {
  for (const char *const *known = passed_commands; *known != NULL; known++)
    if (strcmp(*known, name) == 0) return true;
  return false;
}

/* Reads flags from argv[at] on; returns the index of the first argument that is none, or -1 when refused. */
static int parse_flags(int argc, char **argv, int at, const struct flag *flags, struct command_line *line) {
  bool bundle_seen = false;
  for (; at < argc; at++) {
    const char *argument = argv[at];
    if (argument[0] != '-' || argument[1] == '\0') break;
    const char *name = argument + (argument[1] == '-' ? 2 : 1);
    const size_t size = strcspn(name, "=");
    const char *value = name[size] == '=' ? name + size + 1 : NULL;
    const enum flag_kind kind = find_flag(flags, name, size);
    if (kind == FLAG_UNKNOWN) return refuse(line, "the option %.60s is not known", argument), -1;
    if (kind == FLAG_SHOW) return line->kind = COMMAND_PASSED, at;
    if (kind == FLAG_SWITCH) continue;
    if (value == NULL) {
      /* A value that looks like an option is one runc would take and a reader would not: refuse both readings. */
      if (at + 1 >= argc || argv[at + 1][0] == '-')
        return refuse(line, "the option %.60s has no value", argument), -1;
      value = argv[++at];
    }
    if (kind == FLAG_ROOT) line->root = value;
    if (kind == FLAG_LOG) line->log = value;
    if (kind == FLAG_BUNDLE) {
      if (bundle_seen) return refuse(line, "the bundle is given twice"), -1;
      bundle_seen = true;
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

void parse_command_line(int argc, char **argv, struct command_line *line) {
  *line = (struct command_line){.kind = COMMAND_REFUSED, .root = "/run/runc", .bundle = "."};
  int at = parse_flags(argc, argv, 1, global_flags, line);
  if (at < 0 || line->kind == COMMAND_PASSED) return;
  if (at == argc) {
    line->kind = COMMAND_PASSED; /* runc alone prints its help */
    return;
  }
  line->name = argv[at];
  if (is_passed(line->name)) {
    line->kind = COMMAND_PASSED;
    return;
  }
  const struct flag *flags = staged_flags(line->name);
  if (flags == NULL) return refuse(line, "the command %.60s is not known", line->name);
  at = parse_flags(argc, argv, at + 1, flags, line);
  if (at < 0) return;
  /* runc also accepts options after the id, so one found there could name another bundle than the one checked. */
  if (at + 1 != argc) return refuse(line, "%s needs the container id, once, as its last argument", line->name);
  if (!is_container_id(argv[at])) return refuse(line, "the container id is not valid");
  if (line->root[0] == '\0' || line->bundle[0] == '\0') return refuse(line, "an option has an empty path");
  line->id = argv[at];
  line->kind = COMMAND_STAGED;
}
