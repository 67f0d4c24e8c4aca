/*
 * JavaScript throws any value (ECMA-262 §14.14), and what a library throws is typed `unknown`: these read it, or pass it over, without trusting it.
 */

/** What was thrown, in words for a person. */
export function messageOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}

/** What was thrown, as an Error: the same one where it is one. */
export function toError(cause: unknown): Error {
  return cause instanceof Error ? cause : new Error(String(cause));
}

/** Name of the system's error such as `ENOENT` (errno(3)), which Node puts into `code`; undefined where there is none. */
export function codeOf(cause: unknown): unknown {
  return cause instanceof Error && 'code' in cause ? cause.code : undefined;
}

/** Whether the system says that there is nothing of that name: below what is no directory (any more) there is nothing, as where there is none. */
export function isAbsent(cause: unknown): boolean {
  const code = codeOf(cause);
  return code === 'ENOENT' || code === 'ENOTDIR';
}

/** What `act` gives; undefined where it throws, for what may be gone or refused at any moment and is then passed over. */
export function orNothing<T>(act: () => T): T | undefined {
  try {
    return act();
  } catch {
    return undefined;
  }
}
