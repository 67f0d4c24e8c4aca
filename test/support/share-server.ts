import { readdirSync, readFileSync } from 'node:fs';

/** Descriptors of the server of a share, told by what is mounted where it is: by the end of its path, which begins where its file system does. */
export function heldBelow(share: string): number {
  const end = share.split('/').slice(-2).join('/');
  const counts = readdirSync('/proc').map((pid) => {
    try {
      const serves = readFileSync(`/proc/${pid}/mountinfo`, 'utf8').includes(`/${end} `);
      return serves ? readdirSync(`/proc/${pid}/fd`).length : 0;
    } catch {
      return 0;
    }
  });
  return Math.max(...counts);
}
