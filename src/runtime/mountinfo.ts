import type { MountInfo } from '../isolation/plan.js';
import { protocolError } from './wire.js';

/**
 * Reads one line of /proc/self/mountinfo (proc_pid_mountinfo(5)):
 * `36 35 98:0 /root /mount/point rw,noatime master:1 - ext4 /dev/root rw,errors=continue`.
 *
 * @throws BulkheadError `BH_RUNTIME_PROTOCOL` when it is no such line.
 */
export function parseMountInfo(line: string): MountInfo {
  const words = line.split(' ');
  // Any number of optional fields ends with a lone hyphen; a path that is a hyphen stands before the sixth word.
  const separator = words.indexOf('-', 6);
  const [, , , root, mountPoint, mountOptions] = words;
  const [filesystem, source, superOptions] = separator < 0 ? [] : words.slice(separator + 1);
  if (
    root === undefined ||
    mountPoint === undefined ||
    mountOptions === undefined ||
    filesystem === undefined ||
    source === undefined ||
    superOptions === undefined ||
    words.length !== separator + 4
  )
    throw protocolError('a line of the mount table is malformed');
  return {
    mountPoint: unescapeOctal(mountPoint),
    root: unescapeOctal(root),
    filesystem: unescapeOctal(filesystem),
    source: unescapeOctal(source),
    mountOptions: mountOptions.split(','),
    // A comma within a value arrives as `\054` (seq_show_option), so splitting comes first.
    superOptions: superOptions.split(',').map(unescapeOctal),
  };
}

/** The kernel writes blank, tab, newline, `\` and `#` as a backslash and three octal digits. */
export function unescapeOctal(text: string): string {
  return text.replaceAll(/\\([0-3][0-7]{2})/g, (_, digits: string) =>
    String.fromCharCode(Number.parseInt(digits, 8)),
  );
}
