/** An entry of a tar archive. `mode` holds the permission bits only. Paths are relative, without a leading slash. */
export type TarEntry =
  | { readonly path: string; readonly type: 'file'; readonly mode: number; readonly data: Buffer }
  | { readonly path: string; readonly type: 'directory'; readonly mode: number }
  | { readonly path: string; readonly type: 'symlink'; readonly target: string };

const typeFlags = { file: '0', symlink: '2', directory: '5' } as const;
const block = 512;

/**
 * Writes a POSIX ustar archive (IEEE 1003.1, pax, "ustar Interchange Format"), entries sorted by path, owner root and
 * times 0, so equal entries give equal bytes. Throws RangeError for a path or target longer than 100 bytes: nothing we
 * pack needs the prefix field.
 */
export function writeTar(entries: readonly TarEntry[]): Buffer {
  const sorted = entries.toSorted((a, b) => (a.path < b.path ? -1 : 1));
  return Buffer.concat([...sorted.flatMap((entry) => encode(entry)), Buffer.alloc(2 * block)]);
}

function encode(entry: TarEntry): Buffer[] {
  const data = entry.type === 'file' ? entry.data : Buffer.alloc(0);
  const header = Buffer.alloc(block);
  writeField(header, 0, entry.type === 'directory' ? `${entry.path}/` : entry.path);
  writeField(header, 100, octal(entry.type === 'symlink' ? 0o777 : entry.mode, 8));
  writeField(header, 108, octal(0, 8));
  writeField(header, 116, octal(0, 8));
  writeField(header, 124, octal(data.length, 12));
  writeField(header, 136, octal(0, 12));
  writeField(header, 156, typeFlags[entry.type]);
  writeField(header, 157, entry.type === 'symlink' ? entry.target : '');
  writeField(header, 257, 'ustar\u000000');
  // The checksum counts its own field as eight spaces.
  header.fill(' ', 148, 156);
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
  return [header, data, Buffer.alloc((block - (data.length % block)) % block)];
}

function writeField(header: Buffer, offset: number, value: string): void {
  if (Buffer.byteLength(value) > 100) throw new RangeError(`too long for a tar header: ${value}`);
  header.write(value, offset, 'utf8');
}

function octal(value: number, size: number): string {
  return `${value.toString(8).padStart(size - 1, '0')}\0`;
}
