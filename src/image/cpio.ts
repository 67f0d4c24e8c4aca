/** An entry of an initramfs. `mode` holds the permission bits only. */
export type CpioEntry =
  | { readonly path: string; readonly type: 'file'; readonly mode: number; readonly data: Buffer }
  | { readonly path: string; readonly type: 'directory'; readonly mode: number }
  | {
      readonly path: string;
      readonly type: 'character-device';
      readonly mode: number;
      readonly device: readonly [number, number];
    };

const typeBits = { file: 0o100000, directory: 0o040000, 'character-device': 0o020000 } as const;

/**
 * Writes a cpio archive in the "newc" format the kernel unpacks (Documentation/driver-api/early-userspace/buffer-format.rst).
 * The order of the entries is kept: a directory must come before what is in it. Owner is root and times are 0, so equal
 * entries give equal bytes; device nodes need no privilege to be written.
 */
export function writeCpio(entries: readonly CpioEntry[]): Buffer {
  const parts = entries.flatMap((entry, index) => encode(entry, index + 1));
  parts.push(...encode({ path: 'TRAILER!!!', type: 'file', mode: 0, data: Buffer.alloc(0) }, 0, 0));
  const archive = Buffer.concat(parts);
  return Buffer.concat([archive, padding(archive.length, 512)]);
}

function encode(entry: CpioEntry, inode: number, type: number = typeBits[entry.type]): Buffer[] {
  const data = entry.type === 'file' ? entry.data : Buffer.alloc(0);
  const [major, minor] = entry.type === 'character-device' ? entry.device : [0, 0];
  const name = Buffer.from(`${entry.path}\0`);
  const links = entry.type === 'directory' ? 2 : 1;
  const fields = [inode, type | entry.mode, 0, 0, links, 0, data.length, 0, 0, major, minor, name.length, 0];
  const header = Buffer.from(`070701${fields.map((field) => field.toString(16).padStart(8, '0')).join('')}`);
  return [header, name, padding(header.length + name.length, 4), data, padding(data.length, 4)];
}

function padding(length: number, alignment: number): Buffer {
  return Buffer.alloc((alignment - (length % alignment)) % alignment);
}
