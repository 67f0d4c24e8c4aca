/* Reads one message from stdin and prints what plan.c understood, a line an operation; the first argument is the number of sources. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "plan.h"

int main(int argc, char **argv) {
  static char input[1 << 20];
  const size_t size = fread(input, 1, sizeof input - 1, stdin);
  if (argc != 2 || size < 4 || get_u32(input) != size - 4) return fputs("the length is wrong\n", stdout), 1;
  struct message message;
  const char *wrong = message_parse(input + 4, size - 4, &message);
  if (wrong != NULL) return printf("%s\n", wrong), 1;
  struct plan plan;
  char error[160];
  if (!plan_parse(&message, strtoul(argv[1], NULL, 10), &plan, error, sizeof error)) return printf("%s\n", error), free(message.fields), 1;
  for (size_t i = 0; i < plan.count; i++) {
    const struct op *op = &plan.ops[i];
    switch (op->kind) {
      case OP_USERNS: printf("userns %" PRIu32 " %" PRIu32 " %" PRIu32 " %" PRIu32 "\n", op->base, op->size, op->uid, op->gid); break;
      case OP_LAYER: printf("layer %s\n", op->text); break;
      case OP_UPPER: printf("upper %s\n", op->text); break;
      case OP_OVERLAY: printf("overlay %" PRIu32 " %s %s %s [%s]\n", op->index, op->within, op->text, op->work, op->options); break;
      case OP_ROOT_BIND: puts("root-bind"); break;
      case OP_MOUNTPOINT: printf("mountpoint %d %s\n", op->index == NO_SOURCE ? -1 : (int)op->index, op->text); break;
      case OP_ROOT_READONLY: puts("root-readonly"); break;
      case OP_BIND: printf("bind %" PRIu32 " %u\n", op->index, op->flags); break;
      case OP_CONFIG: printf("config %" PRIu32 " %s\n", op->size, op->text); break;
    }
  }
  free(plan.ops);
  free(message.fields);
  return 0;
}
