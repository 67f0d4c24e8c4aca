import { closeSync, constants, fstatSync, openSync, readdirSync, readFileSync, readSync } from 'node:fs';

/** Number of openat(2), by `process.arch`; programs in Go open every file with it. */
const openatNumbers = new Map([
  ['x64', '257'],
  ['arm64', '56'],
]);
/** Not among Node's constants; the same on both architectures (open(2)). */
const pathOnly = 0o10_000_000;
const longestPath = 4096;

/**
 * Lets those threads of a process go on that wait, in open(2), for the other end of a named pipe: they read end of file. Threat:
 * dockerd reads /etc/passwd of each container it starts, and a container can make that a pipe to which nobody writes.
 *
 * A pipe is opened by the inode that was looked at, so a path that changes meanwhile leads to no other file.
 *
 * @param wanted which paths, as the process names them: some pipes are its own to wait for.
 * @param root directory that is the root of the process; empty when it is ours.
 * @returns the paths of the pipes. A thread that has ended or does something else by now is passed over.
 */
export function releaseBlockedOpens(pid: number, wanted: (path: string) => boolean, root = ''): string[] {
  const released: string[] = [];
  for (const thread of orNothing(() => readdirSync(`/proc/${pid}/task`)) ?? []) {
    const path = orNothing(() => openingPath(`/proc/${pid}/task/${thread}`));
    if (path !== undefined && wanted(path) && orNothing(() => openOtherEnd(`${root}${path}`)) === true)
      released.push(path);
  }
  return released;
}

/** What a thread is opening at this moment (proc_pid_syscall(5)). */
function openingPath(thread: string): string | undefined {
  const [call, , address] = readFileSync(`${thread}/syscall`, 'utf8').split(' ');
  if (call === undefined || call !== openatNumbers.get(process.arch) || address === undefined)
    return undefined;
  const memory = openSync(`${thread}/mem`, constants.O_RDONLY);
  try {
    const bytes = Buffer.alloc(longestPath);
    const length = readSync(memory, bytes, 0, bytes.length, BigInt(address));
    const end = bytes.subarray(0, length).indexOf(0);
    return end > 0 ? bytes.toString('utf8', 0, end) : undefined;
  } finally {
    closeSync(memory);
  }
}

function openOtherEnd(path: string): boolean {
  const seen = openSync(path, pathOnly | constants.O_NOFOLLOW);
  try {
    if (!fstatSync(seen).isFIFO()) return false;
    closeSync(openSync(`/proc/self/fd/${seen}`, constants.O_WRONLY | constants.O_NONBLOCK));
    return true;
  } finally {
    closeSync(seen);
  }
}

function orNothing<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}
