import { stat } from 'node:fs/promises';
import { codeOf } from './cause.js';

/** Whether there is nothing by a name. What cannot be looked at is not taken for nothing: reading it says why. */
export async function isAbsent(path: string): Promise<boolean> {
  return stat(path).then(
    () => false,
    (error: unknown) => codeOf(error) === 'ENOENT',
  );
}
