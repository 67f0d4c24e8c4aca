import { constants, lstatSync, openSync, rmSync } from 'node:fs';

/**
 * Opens a log to write to, for its owner alone: at its end, or from an empty file on. Throws what the system says.
 *
 * Threat: who has had its directory, such as containers it was once shared with, has left a link of its name, by which what that leads to would be written, or a pipe, at which its
 * writer would wait for one who reads. Either makes room for a file; one that comes right then is not followed.
 */
export function openLog(file: string, from: 'its end' | 'empty'): number {
  const found = lstatSync(file, { throwIfNoEntry: false });
  if (found?.isSymbolicLink() === true || found?.isFIFO() === true) rmSync(file);
  const { O_WRONLY, O_CREAT, O_NOFOLLOW, O_APPEND, O_TRUNC } = constants;
  return openSync(file, O_WRONLY | O_CREAT | O_NOFOLLOW | (from === 'empty' ? O_TRUNC : O_APPEND), 0o600);
}
