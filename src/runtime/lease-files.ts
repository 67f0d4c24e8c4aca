import { randomBytes } from 'node:crypto';
import {
  closeSync,
  constants,
  fstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { codeOf } from '../common/cause.js';
import type { LeaseStore } from './id-allocator.js';

const { O_CREAT, O_EXCL, O_NOFOLLOW, O_NONBLOCK, O_RDONLY, O_WRONLY } = constants;
const unfinished = '.new';

/**
 * Lease files in a directory that only root reads (0700): they say which container has which ids. Written under a name
 * nobody can foresee and never through a link, so that whoever gets to put something in the directory makes the daemon
 * neither write elsewhere nor hang. An entry that is no regular file reads as empty text: its ids stay taken.
 *
 * @param directory made when absent; on a tmpfs, as leases end with the boot. Unfinished writes in it are removed.
 * @throws Error of node:fs, as all methods of the store.
 */
export function leaseFiles(directory: string): LeaseStore {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  for (const name of readdirSync(directory).filter((entry) => entry.endsWith(unfinished)))
    rmSync(join(directory, name), { recursive: true });
  return {
    readAll: () => readdirSync(directory).map((name) => [name, readRegular(join(directory, name))]),
    write: (name, text) => {
      const temporary = join(directory, `${name}.${randomBytes(8).toString('hex')}${unfinished}`);
      try {
        writeNew(temporary, text);
        renameSync(temporary, join(directory, name));
      } catch (error) {
        rmSync(temporary, { force: true });
        throw error;
      }
    },
    remove: (name) => rmSync(join(directory, name), { force: true }),
  };
}

function writeNew(path: string, text: string): void {
  const file = openSync(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600);
  try {
    writeFileSync(file, text);
  } finally {
    closeSync(file);
  }
}

/** O_NONBLOCK: opening a pipe would otherwise wait for its other end. */
function readRegular(path: string): string {
  let file: number;
  try {
    file = openSync(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
  } catch (error) {
    // A link, or a socket (open(2)).
    if (codeOf(error) === 'ELOOP' || codeOf(error) === 'ENXIO') return '';
    throw error;
  }
  try {
    return fstatSync(file).isFile() ? readFileSync(file, 'utf8') : '';
  } finally {
    closeSync(file);
  }
}
