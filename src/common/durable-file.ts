import { closeSync, fsyncSync, openSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { codeOf } from './cause.js';

/**
 * Replaces a file as a whole, for its owner alone: after a power failure it is the old one or the new one (rename(2); fsync(2) of the file before
 * and of the directory after). Synchronous. Throws what the system says; the old file is then still there.
 */
export function replaceDurably(file: string, text: string): void {
  replaceAtOnce(file, text, true);
  syncDirectory(dirname(file));
}

/**
 * Replaces a file as a whole, for its owner alone: who reads it has the old one or the new one. Synchronous. Threat: who has had the directory, such as containers it was once shared
 * with, has left a link of the draft's name, and what it leads to would be written; one that is made (O_EXCL of open(2)) follows none.
 */
export function replaceAtOnce(file: string, text: string, flush = false): void {
  const draft = `${file}.new`;
  rmSync(draft, { force: true });
  writeFileSync(draft, text, { mode: 0o600, flush, flag: 'wx' });
  renameSync(draft, file);
}

/** After it, names made or changed in the directory are there after a power failure too (fsync(2)). Throws what the system says. */
export function syncDirectory(path: string): void {
  const directory = openSync(path, 'r');
  try {
    fsyncSync(directory);
  } finally {
    closeSync(directory);
  }
}

/** Undefined where there is none; throws what else the system says. */
export function readIfThere(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}
