#include "plan.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Operations come in this order; equal ranks exclude each other unless the operation may be repeated. */
static const struct rule {
  const char *verb;
  enum op_kind kind;
  unsigned arity;
  unsigned rank;
  bool repeated;
} rules[] = {
    {"userns", OP_USERNS, 2, 0, false},        {"layer", OP_LAYER, 1, 1, true},
    {"upper", OP_UPPER, 1, 2, false},          {"overlay", OP_OVERLAY, 3, 3, false},
    {"root-bind", OP_ROOT_BIND, 0, 3, false},  {"mountpoint", OP_MOUNTPOINT, 2, 4, true},
    {"root-readonly", OP_ROOT_READONLY, 0, 5, false}, {"bind", OP_BIND, 2, 6, true},
    {"config", OP_CONFIG, 1, 7, false},
};

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
      op->text = arguments[0].data;
      op->work = arguments[1].data;
      op->options = arguments[2].data;
      return is_name(&arguments[0]) && is_name(&arguments[1]) && strcmp(op->text, op->work) != 0 &&
             is_overlay_options(&arguments[2]);
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

static bool complete(const struct plan *plan, const char **missing) {
  size_t seen[OP_CONFIG + 1] = {0};
  for (size_t i = 0; i < plan->count; i++) seen[plan->ops[i].kind]++;
  const bool overlay = seen[OP_OVERLAY] == 1;
  *missing = seen[OP_USERNS] != 1                          ? "userns"
             : !overlay && seen[OP_ROOT_BIND] != 1         ? "overlay or root-bind"
             : overlay && (seen[OP_LAYER] == 0 || seen[OP_UPPER] == 0) ? "layer or upper"
             : !overlay && seen[OP_LAYER] + seen[OP_UPPER] > 0 ? "overlay"
             : seen[OP_CONFIG] != 1                        ? "config"
                                                           : NULL;
  return *missing == NULL && seen[OP_LAYER] <= PLAN_MAX_LAYERS;
}

bool plan_parse(const struct message *message, size_t sources, struct plan *plan, char *error, size_t error_size) {
  *plan = (struct plan){0};
  bool taken[PLAN_MAX_SOURCES] = {false};
  if (sources == 0 || sources > PLAN_MAX_SOURCES) return snprintf(error, error_size, "too many paths are open"), false;
  plan->ops = calloc(message->count, sizeof *plan->ops);
  if (plan->ops == NULL) return snprintf(error, error_size, "there is no memory for it"), false;
  unsigned rank = 0;
  for (size_t at = 1; at < message->count;) {
    const struct field *fields = &message->fields[at];
    const struct rule *rule = fields[0].text ? find_rule(fields[0].data) : NULL;
    struct op *op = &plan->ops[plan->count];
    const char *wrong = NULL;
    if (rule == NULL) {
      wrong = "is not known";
    } else if (message->count - at <= rule->arity) {
      wrong = "lacks an argument";
    } else if (rule->rank < rank || (rule->rank == rank && !rule->repeated && plan->count > 0)) {
      wrong = "is out of order";
    } else {
      op->kind = rule->kind;
      if (!read_op(fields + 1, (uint32_t)sources, op)) wrong = "has a bad argument";
      else if (op->kind == OP_BIND && taken[op->index]) wrong = "names a path twice";
      else if (op->kind == OP_BIND) taken[op->index] = true;
    }
    if (wrong != NULL) {
      snprintf(error, error_size, "operation %zu (%.20s) %s", plan->count + 1, fields[0].text ? fields[0].data : "?", wrong);
      goto refused;
    }
    rank = rule->rank;
    plan->count++;
    at += 1 + rule->arity;
  }
  const char *missing;
  if (complete(plan, &missing)) return true;
  snprintf(error, error_size, "it lacks %s", missing == NULL ? "a limit on its layers" : missing);
refused:
  free(plan->ops);
  *plan = (struct plan){0};
  return false;
}
