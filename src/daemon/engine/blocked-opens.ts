import {
  closeSync,
  constants,
  fstatSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  readSync,
} from 'node:fs';
import { orNothing } from '../../common/cause.js';

/** Number of openat(2), by `process.arch`; programs in Go open every file with it. */
const openatNumbers = new Map([
  ['x64', '257'],
  ['arm64', '56'],
]);
/** Not among Node's constants; the same on both architectures (open(2)). */
const pathOnly = 0o10_000_000;
const longestPath = 4096;

/**
 * Lets those threads of a process go on that wait, in open(2), for the other end of a named pipe: they read end of file, or write to nobody.
 * Threat: dockerd reads /etc/passwd of each container it starts, and for `docker cp` opens the files on which it mounts others, first to write;
 * a container can make each of them a pipe that nobody else opens.
 *
 * A pipe is opened by the inode that was looked at, so a path that changes meanwhile leads to no other file.
 *
 * @param wanted which paths: some pipes are the process's own to wait for. As the process names them; what it names by a directory it has
 *   open (Go's os.Root does), from the root on, and only where its root is ours.
 * @param root directory that is the root of the process; empty when it is ours.
 * @returns the paths of the pipes. A thread that has ended or does something else by now is passed over.
 */
export function releaseBlockedOpens(pid: number, wanted: (path: string) => boolean, root = ''): string[] {
  const released: string[] = [];
  for (const thread of orNothing(() => readdirSync(`/proc/${pid}/task`)) ?? []) {
    const opening = orNothing(() => openingOf(`/proc/${pid}/task/${thread}`, root));
    if (opening === undefined || !wanted(opening.path)) continue;
    if (orNothing(() => openOtherEnds(opening.reached)) === true) released.push(opening.path);
  }
  return released;
}

/** Whether the first thread of a process is in openat(2) at this moment. Nothing of its memory is read. */
export function isOpening(pid: string): boolean {
  const opening = openatNumbers.get(process.arch);
  return opening !== undefined && orNothing(() => callOf(`/proc/${pid}`)[0]) === opening;
}

interface Opening {
  /** From the root of the process on. */
  readonly path: string;
  /** The same file for us. */
  readonly reached: string;
}

/** What a thread is opening at this moment (proc_pid_syscall(5)). Throws what the file system says. */
function openingOf(thread: string, root: string): Opening | undefined {
  const [call, directory, address] = callOf(thread);
  if (call === undefined || call !== openatNumbers.get(process.arch) || address === undefined)
    return undefined;
  const path = textAt(thread, BigInt(address));
  if (path === undefined) return undefined;
  if (path.startsWith('/')) return { path, reached: `${root}${path}` };
  // Only names, for no link must lie on the way; AT_FDCWD is not there.
  if (root !== '' || path.includes('/')) return undefined;
  const open = `${thread}/fd/${Number(directory)}`;
  return { path: `${readlinkSync(open)}/${path}`, reached: `${open}/${path}` };
}

/** proc_pid_syscall(5). */
function callOf(thread: string): string[] {
  return readFileSync(`${thread}/syscall`, 'utf8').split(' ');
}

function textAt(thread: string, address: bigint): string | undefined {
  const memory = openSync(`${thread}/mem`, constants.O_RDONLY);
  try {
    const bytes = Buffer.alloc(longestPath);
    const length = readSync(memory, bytes, 0, bytes.length, address);
    const end = bytes.subarray(0, length).indexOf(0);
    return end > 0 ? bytes.toString('utf8', 0, end) : undefined;
  } finally {
    closeSync(memory);
  }
}

/** Both, which never waits (fifo(7)): the process may wait for either. */
function openOtherEnds(path: string): boolean {
  const seen = openSync(path, pathOnly | constants.O_NOFOLLOW);
  try {
    if (!fstatSync(seen).isFIFO()) return false;
    closeSync(openSync(`/proc/self/fd/${seen}`, constants.O_RDWR | constants.O_NONBLOCK));
    return true;
  } finally {
    closeSync(seen);
  }
}
