#pragma once

enum command_kind { COMMAND_REFUSED, COMMAND_PASSED, COMMAND_STAGED };

struct command_line {
  enum command_kind kind;
  const char *name;   /* subcommand, NULL when there is none */
  const char *root;   /* --root, or runc's default; absolute for COMMAND_STAGED */
  const char *log;    /* --log, NULL when not given */
  const char *bundle; /* only for COMMAND_STAGED: --bundle, or "." */
  const char *id;     /* only for COMMAND_STAGED */
  char error[160];    /* only for COMMAND_REFUSED */
};

/*
 * Reads a command line as runc 1.3 would, but refuses whatever it does not know: a flag whose arity is unknown
 * could hide the subcommand or the bundle, and an unchecked container would start.
 */
void parse_command_line(int argc, char **argv, struct command_line *line);
