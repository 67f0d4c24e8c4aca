/** One line of /proc/self/mountinfo, octal escapes undone (proc_pid_mountinfo(5)). */
export interface MountInfo {
  readonly mountPoint: string;
  readonly root: string;
  readonly filesystem: string;
  readonly source: string;
  readonly mountOptions: readonly string[];
  readonly superOptions: readonly string[];
}

/**
 * Reads one line of /proc/self/mountinfo (proc_pid_mountinfo(5)):
 * `36 35 98:0 /root /mount/point rw,noatime master:1 - ext4 /dev/root rw,errors=continue`. Undefined when it is no such line.
 */
export function parseMountInfo(line: string): MountInfo | undefined {
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
    return undefined;
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

/** `major:minor` of a device number as stat(2) gives it: gnu_dev_major(3) interleaves the two. */
export function deviceText(device: bigint): string {
  const major = ((device >> 8n) & 0xfffn) | ((device >> 32n) & ~0xfffn);
  const minor = (device & 0xffn) | ((device >> 12n) & ~0xffn);
  return `${major}:${minor}`;
}
