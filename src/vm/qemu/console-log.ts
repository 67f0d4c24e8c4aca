import { closeSync, renameSync, rmSync, writeSync } from 'node:fs';
import type { Readable } from 'node:stream';
import { orNothing } from '../../common/cause.js';
import { openLog } from '../../common/open-log.js';

/** Bytes. A boot writes some thousand; two files of this length are kept at most. */
export const largestConsoleLog = 4 << 20;

/**
 * Keeps what the guest writes to its serial console in a file, the older half of much text in another, `<file>.1`. Threat: as a file of
 * QEMU's own it has no bound, and a privileged container alone makes the kernel print as fast as it can (a line for each mount(2) of
 * overlayfs without layers), until the disk of the host is full.
 *
 * A file that cannot be written costs the text, never the VM. Resolves, never rejects, when the guest's end is closed and all is written.
 */
export function keepConsole(stream: Readable, file: string, limit = largestConsoleLog): Promise<void> {
  const older = `${file}.1`;
  let size = 0;
  let descriptor = orNothing(() => {
    rmSync(older, { force: true });
    return openLog(file, 'empty');
  });
  stream.on('data', (chunk: Buffer) => {
    if (descriptor === undefined) return;
    if (size > 0 && size + chunk.length > limit) {
      closeSync(descriptor);
      descriptor = orNothing(() => {
        renameSync(file, older);
        return openLog(file, 'empty');
      });
      size = 0;
    }
    // Not asynchronously: a controller that is killed next has written what it read.
    size += orNothing(() => (descriptor === undefined ? 0 : writeSync(descriptor, chunk))) ?? 0;
  });
  stream.on('error', () => undefined);
  return new Promise((resolve) => {
    stream.once('close', () => {
      if (descriptor !== undefined) closeSync(descriptor);
      descriptor = undefined;
      resolve();
    });
  });
}
