/* What the front door parses, for libFuzzer. The sanitizers are the judges, and a few promises checked here. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "argv.h"
#include "log.h"
#include "plan.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void fuzz_plan(const uint8_t *data, size_t size) {
  char *payload = malloc(size + 1);
  if (payload == NULL) abort();
  memcpy(payload, data, size);
  struct message message;
  struct plan plan;
  char error[160];
  const bool parsed = message_parse(payload, size, &message) == NULL;
  /* An exact allocation, so that ASan sees one field too many. */
  if (parsed) message.fields = realloc(message.fields, message.count * sizeof *message.fields);
  if (parsed && plan_parse(&message, 4, &plan, error, sizeof error)) {
    /* What was accepted has exactly one namespace, first, one root, and the configuration, last. */
    size_t namespaces = 0, roots = 0;
    for (const struct op *op = plan.ops; op < plan.ops + plan.count; op++) {
      namespaces += op->kind == OP_USERNS;
      roots += op->kind == OP_ROOT_BIND || (op->kind == OP_OVERLAY && op->index == 0);
      if ((op->kind == OP_BIND || op->kind == OP_OVERLAY) && op->index >= 4) abort();
    }
    if (namespaces != 1 || roots != 1) abort();
    if (plan.ops[0].kind != OP_USERNS || plan.ops[plan.count - 1].kind != OP_CONFIG) abort();
    free(plan.ops);
  }
  free(message.fields);
  free(payload);
}

/* NUL-separated arguments. Whatever is staged must have an id that names one directory entry. */
static void fuzz_argv(const uint8_t *data, size_t size) {
  char *text = malloc(size + 1);
  char *argv[64] = {0};
  if (text == NULL) abort();
  memcpy(text, data, size);
  text[size] = '\0';
  int argc = 0;
  for (size_t at = 0; at < size && argc < 63; at += strlen(text + at) + 1) argv[argc++] = text + at;
  struct command_line line;
  if (argc > 0) parse_command_line(argc, argv, &line);
  if (argc > 0 && line.kind == COMMAND_STAGED && (line.id[0] == '\0' || strchr(line.id, '/') != NULL)) abort();
  char escaped[256];
  const size_t length = escape_json(text, escaped, sizeof escaped);
  if (length >= sizeof escaped || strlen(escaped) != length) abort();
  free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  fuzz_plan(data, size);
  fuzz_argv(data, size);
  return 0;
}
