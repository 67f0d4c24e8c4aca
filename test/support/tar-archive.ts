/** What a member is, as POSIX.1-2017 pax(1), "ustar", names it. */
const kinds = {
  file: '0',
  'hard link': '1',
  link: '2',
  'character device': '3',
  'block device': '4',
  directory: '5',
};

export interface TarMember {
  readonly name: string;
  readonly kind?: keyof typeof kinds;
  /** Of a link of either kind. */
  readonly target?: string;
  readonly mode?: number;
  readonly uid?: number;
  readonly gid?: number;
  /** Major and minor number. */
  readonly device?: readonly [number, number];
  readonly content?: string;
}

/** An archive with these members and no others: unlike a tar program it adds nothing and objects to nothing. */
export function tarArchive(members: readonly TarMember[]): Buffer {
  return Buffer.concat([...members.flatMap(blocks), Buffer.alloc(1024)]);
}

function blocks({ content = '', ...member }: TarMember): Buffer[] {
  const data = Buffer.alloc(Math.ceil(Buffer.byteLength(content) / 512) * 512);
  data.write(content);
  return [header(member, Buffer.byteLength(content)), data];
}

function header(member: Omit<TarMember, 'content'>, size: number): Buffer {
  const { name, kind = 'file', target = '', mode = 0o644, uid = 0, gid = 0, device = [0, 0] } = member;
  if (name.length > 100 || target.length > 100)
    throw new Error(`too long for a ustar header: ${name} ${target}`);
  const bytes = Buffer.alloc(512);
  const put = (at: number, text: string): number => bytes.write(text, at, 'latin1');
  const number = (at: number, width: number, value: number): number =>
    put(at, `${value.toString(8).padStart(width - 1, '0')}\0`);
  put(0, name);
  number(100, 8, mode);
  number(108, 8, uid);
  number(116, 8, gid);
  number(124, 12, size);
  number(136, 12, 0); // time
  put(148, '        '); // counts as blanks in its own sum
  put(156, kinds[kind]);
  put(157, target);
  put(257, 'ustar\x0000');
  number(329, 8, device[0]);
  number(337, 8, device[1]);
  const sum = bytes.reduce((total, byte) => total + byte, 0);
  put(148, `${sum.toString(8).padStart(6, '0')}\0 `);
  return bytes;
}
