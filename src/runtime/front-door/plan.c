#include "plan.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * Operations come in this order; equal ranks exclude each other unless the operation may be repeated. An overlay may be
 * followed by the layers of the next.
 */
static const struct rule {
  const char *verb;
  enum op_kind kind;
  unsigned arity;
  unsigned rank;
  bool repeated;
} rules[] = {
    {"userns", OP_USERNS, 2, 0, false},        {"layer", OP_LAYER, 1, 1, true},
    {"upper", OP_UPPER, 1, 2, false},          {"overlay", OP_OVERLAY, 5, 3, false},
    {"root-bind", OP_ROOT_BIND, 0, 4, false},  {"mountpoint", OP_MOUNTPOINT, 2, 5, true},
    {"root-readonly", OP_ROOT_READONLY, 0, 6, false}, {"bind", OP_BIND, 2, 7, true},
    {"config", OP_CONFIG, 1, 8, false},
};

#define NOTHING UINT_MAX /* the rank before the first operation */
#define OVERLAYS 3u
#define LAST 8u

static const struct {
  const char *name;
  enum bind_flag flag;
} bind_flags[] = {{"ro", BIND_READONLY},   {"nosuid", BIND_NOSUID}, {"nodev", BIND_NODEV},
                  {"noexec", BIND_NOEXEC}, {"idmap", BIND_IDMAP},   {"recursive", BIND_RECURSIVE}};

static const struct rule *find_rule(const char *verb) {
  for (size_t i = 0; i < sizeof rules / sizeof *rules; i++)
    if (strcmp(rules[i].verb, verb) == 0) return &rules[i];
  return NULL;
}

static bool follows(const struct rule *rule, unsigned rank) {
  return rank == NOTHING || rule->rank > rank || (rule->rank == rank && rule->repeated) ||
         (rule->kind == OP_LAYER && rank == OVERLAYS);
}

/* Decimal without sign, blank or leading zero, at most `limit`. */
static bool read_number(const struct field *field, uint32_t limit, uint32_t *value) {
  if (field->size == 0 || field->size > 10 || (field->size > 1 && field->data[0] == '0')) return false;
  uint64_t sum = 0;
  for (uint32_t i = 0; i < field->size; i++) {
    if (field->data[i] < '0' || field->data[i] > '9') return false;
    sum = sum * 10 + (uint64_t)(field->data[i] - '0');
  }
  *value = (uint32_t)sum;
  return sum <= limit;
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
  if (!is_absolute_path(field) || field->size < 2) return false;
  for (const char *at = field->data; *at != '\0';) {
    at += strspn(at, "/");
    const size_t size = strcspn(at, "/");
    if ((size == 1 && at[0] == '.') || (size == 2 && at[0] == '.' && at[1] == '.') || size > NAME_MAX) return false;
    at += size;
  }
  return true;
}

/* The same, or the root itself. */
static bool is_path_within(const struct field *field) {
  return is_inner_path(field) || (field->size == 1 && field->data[0] == '/');
}

/* Extra overlay options may tune, never name a directory: no slash, and none of the three path options. */
static bool is_overlay_options(const struct field *field) {
  if (!field->text || field->size > 512) return false;
  if (strspn(field->data, "abcdefghijklmnopqrstuvwxyz0123456789_=,") != field->size) return false;
  for (const char *at = field->data; *at != '\0';) {
    if (strncmp(at, "lowerdir", 8) == 0 || strncmp(at, "upperdir", 8) == 0 || strncmp(at, "workdir", 7) == 0 ||
        strncmp(at, "datadir", 7) == 0 || strncmp(at, "index", 5) == 0 || *at == ',')
      return false;
    at += strcspn(at, ",");
    if (*at == ',' && *++at == '\0') return false;
  }
  return true;
}

static bool read_bind_flags(const struct field *field, unsigned *flags) {
  *flags = 0;
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

static bool read_op(const struct field *arguments, uint32_t sources, struct op *op) {
  switch (op->kind) {
    case OP_USERNS:
      /* Never an id of the host's own users, never past what a signed 32-bit id holds. */
      return read_number(&arguments[0], INT32_MAX, &op->base) && read_number(&arguments[1], INT32_MAX, &op->size) &&
             op->base >= 65536 && op->size >= 1 && op->size <= (uint32_t)INT32_MAX - op->base + 1;
    case OP_LAYER:
    case OP_UPPER:
      op->text = arguments[0].data;
      return is_absolute_path(&arguments[0]);
    case OP_OVERLAY:
      op->within = arguments[1].data;
      op->text = arguments[2].data;
      op->work = arguments[3].data;
      op->options = arguments[4].data;
      return read_number(&arguments[0], sources - 1, &op->index) &&
             (op->index == 0 ? strcmp(op->within, "/") == 0 && arguments[1].text : is_path_within(&arguments[1])) &&
             (arguments[2].size + arguments[3].size == 0 ||
              (is_name(&arguments[2]) && is_name(&arguments[3]) && strcmp(op->text, op->work) != 0)) &&
             is_overlay_options(&arguments[4]);
    case OP_MOUNTPOINT:
      op->text = arguments[1].data;
      op->index = NO_SOURCE;
      return (strcmp(arguments[0].data, "-") == 0 || read_number(&arguments[0], sources - 1, &op->index)) &&
             arguments[0].text && is_inner_path(&arguments[1]);
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

/* What has been seen of the plan so far, as far as one operation depends on another. */
struct progress {
  unsigned rank;
  size_t layers, group; /* all of them; those of the overlay under way */
  bool upper, root;
  bool overlaid[PLAN_MAX_SOURCES], bound[PLAN_MAX_SOURCES];
};

/* Whether an operation fits those before it; NULL, or what is wrong. */
static const char *advance(struct progress *progress, const struct op *op, unsigned rank) {
  const unsigned before = progress->rank;
  progress->rank = rank;
  if ((op->kind > OP_OVERLAY && (progress->group > 0 || progress->upper)) || (op->kind == OP_USERNS) != (before == NOTHING)) return "is out of order";
  switch (op->kind) {
    case OP_LAYER:
      progress->group++;
      return ++progress->layers > PLAN_MAX_LAYERS ? "is a layer too many" : NULL;
    case OP_UPPER:
      progress->upper = true;
      return NULL;
    case OP_OVERLAY:
      if (progress->group == 0 || progress->upper != (op->text[0] != '\0')) return "lacks layer or upper";
      if (progress->overlaid[op->index]) return "names a path twice";
      progress->overlaid[op->index] = true;
      progress->root |= op->index == 0;
      progress->group = 0;
      progress->upper = false;
      return NULL;
    case OP_ROOT_BIND:
      if (progress->root) return "is a second root";
      progress->root = true;
      return NULL;
    case OP_BIND:
      if (progress->bound[op->index]) return "names a path twice";
      progress->bound[op->index] = true;
      /* The layers of an overlay are mapped, which it cannot be itself. */
      return progress->overlaid[op->index] && (op->flags & BIND_IDMAP) ? "has a bad argument" : NULL;
    default:
      return NULL;
  }
}

bool plan_parse(const struct message *message, size_t sources, struct plan *plan, char *error, size_t error_size) {
  *plan = (struct plan){0};
  struct progress progress = {.rank = NOTHING};
  if (sources == 0 || sources > PLAN_MAX_SOURCES) return snprintf(error, error_size, "too many paths are open"), false;
  plan->ops = calloc(message->count, sizeof *plan->ops);
  if (plan->ops == NULL) return snprintf(error, error_size, "there is no memory for it"), false;
  for (size_t at = 1; at < message->count;) {
    const struct field *fields = &message->fields[at];
    const struct rule *rule = fields[0].text ? find_rule(fields[0].data) : NULL;
    struct op *op = &plan->ops[plan->count];
    const char *wrong = NULL;
    if (rule == NULL) {
      wrong = "is not known";
    } else if (message->count - at <= rule->arity) {
      wrong = "lacks an argument";
    } else if (!follows(rule, progress.rank)) {
      wrong = "is out of order";
    } else {
      op->kind = rule->kind;
      wrong = read_op(fields + 1, (uint32_t)sources, op) ? advance(&progress, op, rule->rank) : "has a bad argument";
    }
    if (wrong != NULL) {
      snprintf(error, error_size, "operation %zu (%.20s) %s", plan->count + 1, fields[0].text ? fields[0].data : "?", wrong);
      goto refused;
    }
    plan->count++;
    at += 1 + rule->arity;
  }
  if (progress.root && progress.rank == LAST) return true;
  snprintf(error, error_size, "it lacks %s", plan->count == 0 ? "userns" : !progress.root ? "overlay or root-bind" : "config");
refused:
  free(plan->ops);
  *plan = (struct plan){0};
  return false;
}
