import { constants, copyFileSync, fstatSync, ftruncateSync, rmSync, writeSync } from 'node:fs';
import type { DestinationStream } from 'pino';
import { orNothing } from '../../common/cause.js';
import { openLog } from '../../common/open-log.js';

/** Bytes. Two files of about this length are kept. */
export const largestLog = 1 << 20;

/**
 * Appends the lines of a controller to its log, and moves what is there to `<file>.1` when it is long. Threat: root of the guest can begin and end sessions for as long as the
 * VM runs, and each is some lines, until the disk of the host is full.
 *
 * Emptied and not renamed: the controller's own stderr is the same file, which a crash is told in. A file that can't be written costs the text, never the VM.
 */
export function logFile(file: string, limit = largestLog): DestinationStream {
  const descriptor = openLog(file, 'its end');
  return {
    write(line) {
      orNothing(() => {
        writeSync(descriptor, line);
        if (fstatSync(descriptor).size <= limit) return;
        // The copy follows no link either.
        rmSync(`${file}.1`, { force: true });
        copyFileSync(file, `${file}.1`, constants.COPYFILE_EXCL);
        ftruncateSync(descriptor);
      });
    },
  };
}
