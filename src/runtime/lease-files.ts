import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { LeaseStore } from './id-allocator.js';

/**
 * Lease files in a directory that only root reads (0700): they say which container has which ids.
 *
 * @param directory made when absent; on a tmpfs, as leases end with the boot.
 */
export function leaseFiles(directory: string): LeaseStore {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  return {
    readAll: () =>
      readdirSync(directory)
        .filter((name) => !name.endsWith('.new'))
        .map((name) => [name, readFileSync(join(directory, name), 'utf8')]),
    write: (name, text) => {
      const temporary = join(directory, `${name}.new`);
      writeFileSync(temporary, text, { mode: 0o600 });
      renameSync(temporary, join(directory, name));
    },
    remove: (name) => rmSync(join(directory, name), { force: true }),
  };
}
