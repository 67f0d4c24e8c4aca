#include "plan.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>

static const struct {
  const char *verb;
  unsigned arity;
} operations[] = {
    [OP_USERNS] = {"userns", 4},         [OP_LAYER] = {"layer", 1},           [OP_UPPER] = {"upper", 1},
    [OP_OVERLAY] = {"overlay", 5},       [OP_ROOT_BIND] = {"root-bind", 0},   [OP_MOUNTPOINT] = {"mountpoint", 2},
    [OP_ROOT_READONLY] = {"root-readonly", 0}, [OP_BIND] = {"bind", 2},       [OP_CONFIG] = {"config", 1},
};

static const struct {
  const char *name;
  unsigned flag;
} bind_flags[] = {
    {"ro", MOUNT_ATTR_RDONLY},     {"nosuid", MOUNT_ATTR_NOSUID}, {"nodev", MOUNT_ATTR_NODEV},
    {"noexec", MOUNT_ATTR_NOEXEC}, {"idmap", MOUNT_ATTR_IDMAP},   {"recursive", AT_RECURSIVE}, {"owned", MOUNT_ATTR_IDMAP | BIND_OWNED},
};

/* Decimal without sign, blank or leading zero, at most `limit`. */
static bool read_number(const struct field *field, uint32_t limit, uint32_t *value) {
  if (field->size == 0 || field->size > 10 || (field->size > 1 && field->data[0] == '0')) return false;
  if (strspn(field->data, "0123456789") != field->size) return false;
  const unsigned long long number = strtoull(field->data, NULL, 10);
  *value = (uint32_t)number;
  return number <= limit;
}

/* One entry of a directory, in characters that mean nothing to overlayfs' option parser. */
static bool is_name(const struct field *field) {
  const char *const allowed = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
  return field->text && field->size > 0 && field->size < 200 && field->data[0] != '.' &&
         strspn(field->data, allowed) == field->size;
}

static bool is_absolute_path(const struct field *field) {
  return field->text && field->size > 0 && field->size < PATH_MAX && field->data[0] == '/';
}

/* A path within the container's root: no `.` and `..`, which the kernel would resolve but a check would not. */
static bool is_inner_path(const struct field *field) {
  if (!is_absolute_path(field)) return false;
  for (const char *at = field->data; *at != '\0';) {
    at += strspn(at, "/");
    const size_t size = strcspn(at, "/");
    if ((size == 1 && at[0] == '.') || (size == 2 && at[0] == '.' && at[1] == '.') || size > NAME_MAX) return false;
    at += size;
  }
  return true;
}

/* An overlay takes one option, and none that names a directory. */
static bool is_overlay_option(const struct field *field) {
  return field->text && (field->size == 0 || strcmp(field->data, "volatile") == 0);
}

static bool read_bind_flags(const struct field *field, unsigned *flags) {
  if (!field->text) return false;
  for (const char *at = field->data; *at != '\0';) {
    const size_t size = strcspn(at, ",");
    unsigned found = 0;
    for (size_t i = 0; i < sizeof bind_flags / sizeof *bind_flags; i++)
      if (strlen(bind_flags[i].name) == size && memcmp(bind_flags[i].name, at, size) == 0) found = bind_flags[i].flag;
    if (found == 0 || (*flags & found) != 0) return false;
    *flags |= found;
    at += size;
    if (*at == ',' && *++at == '\0') return false;
  }
  return true;
}

static bool read_arguments(const struct field *arguments, uint32_t sources, struct op *op) {
  switch (op->kind) {
    case OP_USERNS:
      /* Never an id of the host's own users, never past what a signed 32-bit id holds. */
      return read_number(&arguments[0], INT32_MAX, &op->base) && read_number(&arguments[1], INT32_MAX, &op->size) &&
             op->base >= 65536 && op->size >= 1 && op->size <= (uint32_t)INT32_MAX - op->base + 1 &&
             read_number(&arguments[2], op->size - 1, &op->uid) && read_number(&arguments[3], op->size - 1, &op->gid);
    case OP_LAYER:
    case OP_UPPER:
      op->text = arguments[0].data;
      return is_absolute_path(&arguments[0]);
    case OP_OVERLAY:
      op->within = arguments[1].data;
      op->text = arguments[2].data;
      op->work = arguments[3].data;
      op->options = arguments[4].data;
      return read_number(&arguments[0], sources - 1, &op->index) && is_inner_path(&arguments[1]) &&
             (op->index > 0 || strcmp(op->within, "/") == 0) &&
             (arguments[2].size + arguments[3].size == 0 ||
              (is_name(&arguments[2]) && is_name(&arguments[3]) && strcmp(op->text, op->work) != 0)) &&
             is_overlay_option(&arguments[4]);
    case OP_MOUNTPOINT:
      op->text = arguments[1].data;
      op->index = NO_SOURCE;
      return arguments[0].text && is_inner_path(&arguments[1]) && strcmp(op->text, "/") != 0 &&
             (strcmp(arguments[0].data, "-") == 0 || read_number(&arguments[0], sources - 1, &op->index));
    case OP_BIND:
      return read_number(&arguments[0], sources - 1, &op->index) && op->index > 0 &&
             read_bind_flags(&arguments[1], &op->flags);
    case OP_CONFIG:
      op->text = arguments[0].data;
      op->size = arguments[0].size;
      return op->size > 0;
    case OP_ROOT_BIND:
    case OP_ROOT_READONLY:
      return true;
  }
  return false;
}

struct parser {
  const struct message *message;
  size_t at;
  uint32_t sources;
  struct plan *plan;
  const char *wrong; /* with the operation at hand, whatever was wanted */
};

/* Reads the next operation if it is of this kind; NULL when it is another, or wrong. */
static const struct op *take(struct parser *parser, enum op_kind kind) {
  const size_t left = parser->message->count - parser->at;
  const struct field *fields = &parser->message->fields[parser->at];
  if (left == 0 || !fields[0].text || strcmp(fields[0].data, operations[kind].verb) != 0) return NULL;
  struct op *op = &parser->plan->ops[parser->plan->count];
  *op = (struct op){.kind = kind};
  if (left <= operations[kind].arity) return parser->wrong = "lacks an argument", NULL;
  if (!read_arguments(fields + 1, parser->sources, op)) return parser->wrong = "has a bad argument", NULL;
  parser->at += 1 + operations[kind].arity;
  parser->plan->count++;
  return op;
}

/* The order of a plan: docs/architecture.md. Returns NULL, or what is wrong with the operation at hand. */
static const char *parse(struct parser *parser) {
  bool overlaid[PLAN_MAX_SOURCES] = {false}, bound[PLAN_MAX_SOURCES] = {false};
  size_t layers = 0;
  const struct op *op;
  if (take(parser, OP_USERNS) == NULL) return "is not userns";
  while (take(parser, OP_LAYER) != NULL) {
    do layers++;
    while (take(parser, OP_LAYER) != NULL);
    if (layers > PLAN_MAX_LAYERS) return "comes after a layer too many";
    const bool upper = take(parser, OP_UPPER) != NULL;
    op = take(parser, OP_OVERLAY);
    if (op == NULL) return "is not the overlay of the layers before it";
    if (upper != (op->text[0] != '\0')) return "follows an overlay and upper that do not fit";
    if (overlaid[op->index]) return "follows an overlay of the same path as another";
    overlaid[op->index] = true;
  }
  if (!overlaid[0] && take(parser, OP_ROOT_BIND) == NULL) return "is not the root";
  while (take(parser, OP_MOUNTPOINT) != NULL) continue;
  (void)take(parser, OP_ROOT_READONLY);
  while ((op = take(parser, OP_BIND)) != NULL) {
    if (bound[op->index]) return "follows a bind of the same path as another";
    /* The layers of an overlay are mapped, which it cannot be itself. */
    if (overlaid[op->index] && (op->flags & MOUNT_ATTR_IDMAP)) return "follows a bind that maps an overlay";
    bound[op->index] = true;
  }
  if (take(parser, OP_CONFIG) == NULL) return "is not config";
  return parser->at == parser->message->count ? NULL : "follows config";
}

bool plan_parse(const struct message *message, size_t sources, struct plan *plan, char *error, size_t error_size) {
  *plan = (struct plan){0};
  if (sources == 0 || sources > PLAN_MAX_SOURCES) return snprintf(error, error_size, "too many paths are open"), false;
  plan->ops = calloc(message->count, sizeof *plan->ops);
  if (plan->ops == NULL) return snprintf(error, error_size, "there is no memory for it"), false;
  struct parser parser = {.message = message, .at = 1, .sources = (uint32_t)sources, .plan = plan};
  const char *wrong = parse(&parser);
  if (wrong == NULL) return true;
  const struct field *verb = &message->fields[parser.at];
  const char *shown = parser.at == message->count ? "the end" : verb->text ? verb->data : "?";
  snprintf(error, error_size, "operation %zu (%.20s) %s", plan->count + 1, shown, parser.wrong != NULL ? parser.wrong : wrong);
  free(plan->ops);
  *plan = (struct plan){0};
  return false;
}
