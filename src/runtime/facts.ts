import type { FileKind, MountInfo, SourceFact } from '../isolation/plan.js';
import { parseMountInfo } from './mountinfo.js';
import { protocolError, textOf } from './wire.js';

const fieldsPerSource = 9;
/** NSFS_MAGIC of linux/magic.h. */
export const namespaceMagic = 0x6e736673;
/** A namespace lies on the kernel's own mount, which no mount table shows. */
export const namespaceMount: MountInfo = {
  mountPoint: '',
  root: '',
  filesystem: 'nsfs',
  source: 'nsfs',
  mountOptions: [],
  superOptions: [],
};
const fileTypeMask = 0o170000;
const fileKinds: ReadonlyMap<number, FileKind> = new Map([
  [0o040000, 'directory'],
  [0o100000, 'file'],
  [0o140000, 'socket'],
  [0o010000, 'fifo'],
  [0o020000, 'character-device'],
  [0o060000, 'block-device'],
  [0o120000, 'symlink'],
]);

/**
 * Reads a `facts` message (docs/architecture.md) about the paths asked for.
 *
 * @throws BulkheadError `BH_RUNTIME_PROTOCOL` when it does not fit them.
 */
export function decodeFacts(message: readonly Buffer[], paths: readonly string[]): SourceFact[] {
  if (textOf(message[0], 'the verb') !== 'facts') throw protocolError('"facts" was expected');
  const mountTable = message.at(-1);
  if (mountTable === undefined || message.length !== 1 + paths.length * fieldsPerSource + 1)
    throw protocolError(`facts about ${paths.length} paths were expected`);
  return paths.map((path, index) =>
    decodeSource(
      path,
      message.slice(1 + index * fieldsPerSource, 1 + (index + 1) * fieldsPerSource),
      mountTable,
    ),
  );
}

function decodeSource(path: string, fields: readonly Buffer[], mountTable: Buffer): SourceFact {
  const text = (index: number, name: string) => textOf(fields[index], name);
  const errno = decimal(text(0, 'an error number'), 'an error number');
  if (errno !== 0) return { path, opened: false, errno };
  const kind = fileKinds.get(matching(text(2, 'a mode'), /^[0-7]{1,7}$/, 8, 'a mode') & fileTypeMask);
  if (kind === undefined) throw protocolError('a file is of no known kind');
  const filesystemMagic = matching(
    text(6, 'a file system type'),
    /^[0-9a-f]{1,8}$/,
    16,
    'a file system type',
  );
  const mountId = decimalText(text(7, 'a mount id'), 'a mount id');
  return {
    path,
    opened: true,
    realPath: text(1, 'a real path'),
    kind,
    rdev: deviceNumber(text(3, 'a device')),
    device: deviceNumber(text(4, 'a device')),
    inode: decimalText(text(5, 'an inode'), 'an inode'),
    filesystemMagic,
    ...mountOf(filesystemMagic, text(8, 'a namespace owner'), lineOf(mountTable, mountId)),
  };
}

/**
 * The line of a mount table that starts with the mount id (proc_pid_mountinfo(5)). Only that one is read as text: what else
 * is mounted may have any name.
 */
function lineOf(mountTable: Buffer, mountId: string): string | undefined {
  const head = `${mountId} `;
  const isFirst = mountTable.subarray(0, head.length).equals(Buffer.from(head));
  const start = isFirst ? 0 : mountTable.indexOf(`\n${head}`) + 1;
  if (start === 0 && !isFirst) return undefined;
  const end = mountTable.indexOf('\n', start);
  return textOf(mountTable.subarray(start, end < 0 ? undefined : end), 'a mount table line');
}

function mountOf(
  filesystemMagic: number,
  namespaceOwner: string,
  line: string | undefined,
): { readonly mount: MountInfo; readonly namespaceOwner?: string } {
  if (line !== undefined) return { mount: parseMountInfo(line) };
  // A mount that has been detached since shows nowhere either, so its path can't be judged.
  if (filesystemMagic !== namespaceMagic)
    throw protocolError('the mount of a path is not in the mount table');
  return { mount: namespaceMount, namespaceOwner: decimalText(namespaceOwner, 'a namespace owner') };
}

function matching(text: string, shape: RegExp, radix: number, name: string): number {
  if (!shape.test(text)) throw protocolError(`${name} is malformed`);
  return Number.parseInt(text, radix);
}

function decimal(text: string, name: string): number {
  return matching(text, /^\d{1,9}$/, 10, name);
}

/** Inode numbers and mount ids have 64 bits, so they stay text. */
function decimalText(text: string, name: string): string {
  if (!/^\d{1,20}$/.test(text)) throw protocolError(`${name} is malformed`);
  return text;
}

function deviceNumber(text: string): string {
  if (!/^\d{1,10}:\d{1,10}$/.test(text)) throw protocolError('a device is malformed');
  return text;
}
