import { readFileSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { deviceText } from '../../common/mountinfo.js';
import { orNothing } from '../../common/cause.js';

/**
 * Whether somebody has a disk open as QEMU has it, with locks of open files (`locking=on`, fcntl(2) F_OFD_SETLK). Threat: of a controller that was killed the lock is free
 * before its QEMU, which the kernel kills as well, has ended, as while it waits for a slow medium; a copy made meanwhile is torn, and what it was made of removed.
 *
 * @param locks content of /proc/locks (proc_locks(5)); without it nobody is seen, as on another system, and of a file of btrfs, whose number there is another.
 */
export async function isOpenAsDisk(
  file: string,
  locks = orNothing(() => readFileSync('/proc/locks', 'utf8')) ?? '',
): Promise<boolean> {
  const { dev, ino } = await stat(file, { bigint: true });
  const place = `${deviceText(dev)}:${ino}`;
  return locks.split('\n').some((line) => {
    const [, major = '', minor = '', inode] =
      / OFDLCK .* ([0-9a-f]+):([0-9a-f]+):(\d+) \d+ \S+$/.exec(line) ?? [];
    return `${Number.parseInt(major, 16)}:${Number.parseInt(minor, 16)}:${inode}` === place;
  });
}
