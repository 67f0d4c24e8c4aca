/**
 * One entry of the error registry. `message` and `remedy` may hold `{name}` placeholders that the thrower fills.
 *
 * - `message` says what was refused or failed, and by which rule;
 * - `setting` names the policy or user setting that decides it, where there is one;
 * - `remedy` says what the reader can do next.
 */
export interface ErrorDefinition {
  readonly message: string;
  readonly setting?: string;
  readonly remedy: string;
  /** Exit status of the CLI when this error ends a command; see docs/errors.md. */
  readonly exitCode: ExitCode;
}

/** Exit statuses with a meaning scripts may rely on (values follow sysexits.h where it has one). */
export const ExitCode = {
  ok: 0,
  failure: 1,
  usage: 64,
  badData: 65,
  unavailable: 69,
  internal: 70,
  noDiskSpace: 74,
  temporary: 75,
  refused: 77,
  configuration: 78,
} as const;

export type ExitCode = (typeof ExitCode)[keyof typeof ExitCode];

/** Keeps the literal codes of a domain's table in its type, so that a misspelt code does not compile. */
export function defineErrors<const Table extends Record<`BH_${string}`, ErrorDefinition>>(
  table: Table,
): Table {
  return table;
}
