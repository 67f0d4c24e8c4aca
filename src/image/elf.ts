/** What the loader reads of an ELF file: System V ABI, "Program Loading and Dynamic Linking". */
export interface ElfInfo {
  /** `PT_INTERP`: the loader the kernel starts; undefined for a library or a static program. */
  readonly interpreter: string | undefined;
  /** `DT_NEEDED`, in order. */
  readonly needed: readonly string[];
}

const [dynamicSegment, interpreterSegment, loadSegment] = [2, 3, 1];
const [tagNeeded, tagStringTable] = [1n, 5n];

interface Segment {
  readonly type: number;
  readonly offset: number;
  readonly address: number;
  readonly size: number;
}

export function isElf(bytes: Buffer): boolean {
  return bytes.length >= 64 && bytes.readUInt32BE(0) === 0x7f454c46;
}

/** Parses a 64-bit little-endian ELF file; undefined where it is none. Throws RangeError where it is cut short. */
export function parseElf(bytes: Buffer): ElfInfo | undefined {
  if (!isElf(bytes) || bytes[4] !== 2 || bytes[5] !== 1) return undefined;
  const segments = readSegments(bytes);
  const interpreter = segments.find(({ type }) => type === interpreterSegment);
  const dynamic = segments.find(({ type }) => type === dynamicSegment);
  return {
    interpreter: interpreter === undefined ? undefined : readString(bytes, interpreter.offset),
    needed: dynamic === undefined ? [] : readNeeded(bytes, dynamic, segments),
  };
}

function readSegments(bytes: Buffer): readonly Segment[] {
  const tableOffset = Number(bytes.readBigUInt64LE(32));
  const [entrySize, count] = [bytes.readUInt16LE(54), bytes.readUInt16LE(56)];
  return Array.from({ length: count }, (_, index) => {
    const at = tableOffset + index * entrySize;
    return {
      type: bytes.readUInt32LE(at),
      offset: Number(bytes.readBigUInt64LE(at + 8)),
      address: Number(bytes.readBigUInt64LE(at + 16)),
      size: Number(bytes.readBigUInt64LE(at + 32)),
    };
  });
}

function readNeeded(bytes: Buffer, dynamic: Segment, segments: readonly Segment[]): readonly string[] {
  const nameOffsets: number[] = [];
  let stringTable = 0;
  for (let at = dynamic.offset; at < dynamic.offset + dynamic.size; at += 16) {
    const [tag, value] = [bytes.readBigUInt64LE(at), Number(bytes.readBigUInt64LE(at + 8))];
    if (tag === tagNeeded) nameOffsets.push(value);
    if (tag === tagStringTable) stringTable = toFileOffset(value, segments);
  }
  return nameOffsets.map((offset) => readString(bytes, stringTable + offset));
}

/** The dynamic section holds addresses as they are after loading. */
function toFileOffset(address: number, segments: readonly Segment[]): number {
  const segment = segments.find(
    ({ type, address: start, size }) => type === loadSegment && address >= start && address < start + size,
  );
  if (segment === undefined) throw new RangeError(`address ${address} is in no loaded segment`);
  return address - segment.address + segment.offset;
}

function readString(bytes: Buffer, offset: number): string {
  const end = bytes.indexOf(0, offset);
  if (end < 0) throw new RangeError('string without an end');
  return bytes.toString('utf8', offset, end);
}
