import { describe, expect, test } from 'vitest';
import { decodeFacts } from './facts.js';
import { parseMountInfo } from './mountinfo.js';

describe('a line of mountinfo', () => {
  test('is read with optional fields and octal escapes', () => {
    const line = String.raw`36 35 98:0 /a\040b /mnt/tab\011\134x rw,noatime shared:1 master:2 - overlay over\043lay rw,lowerdir=/l/A:/l/B,upperdir=/with\054comma/diff,workdir=/w`;
    expect(parseMountInfo(line)).toEqual({
      root: '/a b',
      mountPoint: '/mnt/tab\t\\x',
      mountOptions: ['rw', 'noatime'],
      filesystem: 'overlay',
      source: 'over#lay',
      superOptions: ['rw', 'lowerdir=/l/A:/l/B', 'upperdir=/with,comma/diff', 'workdir=/w'],
    });
  });

  test('may hold a path or a source that is a hyphen', () => {
    expect(parseMountInfo('1 2 0:3 - - rw - tmpfs - rw')).toMatchObject({
      root: '-',
      mountPoint: '-',
      filesystem: 'tmpfs',
      source: '-',
    });
  });

  test.each([
    '',
    '1 2 0:3 / / rw',
    '1 2 0:3 / / rw shared:1 tmpfs x rw',
    '1 2 0:3 / / rw - tmpfs x',
    '1 2 0:3 / / rw - tmpfs x rw y',
  ])('is refused when it is %j', (line) => {
    expect(() => parseMountInfo(line)).toThrow('mount table is malformed');
  });
});

describe('facts', () => {
  const source = ['0', '/real', '100644', '0:0', '254:0', '18446744073709551615', 'ef53', '27', ''];
  const line = '27 1 254:0 / / rw - ext4 /dev/vda rw';
  const table = `127 1 0:2 / /proc rw - proc proc rw\n${line}\n28 1 0:3 / /x rw - tmpfs x rw\n`;
  const read = (fields: readonly string[], paths: readonly string[]) =>
    decodeFacts(
      fields.map((field) => Buffer.from(field)),
      paths,
    );

  test('say what was opened and what was not', () => {
    const missing = ['2', ...Array.from({ length: 8 }, () => '')];
    expect(read(['facts', ...source, ...missing, table], ['/link', '/none'])).toEqual([
      {
        path: '/link',
        opened: true,
        realPath: '/real',
        kind: 'file',
        rdev: '0:0',
        device: '254:0',
        inode: '18446744073709551615',
        filesystemMagic: 0xef53,
        mount: parseMountInfo(line),
      },
      { path: '/none', opened: false, errno: 2 },
    ]);
  });

  test('find the mount in the first line, too', () => {
    expect(read(['facts', ...source, line], ['/a'])).toMatchObject([{ mount: { source: '/dev/vda' } }]);
  });

  test('of a namespace, which no mount table shows, have its owner', () => {
    const namespace = source.with(6, '6e736673').with(7, '4').with(8, '4026531837');
    expect(read(['facts', ...namespace, table], ['/proc/7/ns/net'])).toMatchObject([
      { namespaceOwner: '4026531837', mount: { filesystem: 'nsfs', mountPoint: '' } },
    ]);
    expect(() => read(['facts', ...namespace.with(8, ''), table], ['/a'])).toThrow(/namespace owner/);
  });

  test.each([
    ['too few', ['facts', ...source, table], ['/a', '/b']],
    ['without a mount table', ['facts', ...source], ['/a']],
    ['too many', ['facts', ...source, '', table], ['/a']],
    ['of another verb', ['hello', ...source, table], ['/a']],
    ['with a mode of no known kind', ['facts', ...source.with(2, '000644'), table], ['/a']],
    ['with a mode that is not octal', ['facts', ...source.with(2, '100648'), table], ['/a']],
    ['with a device that is none', ['facts', ...source.with(4, '254'), table], ['/a']],
    ['with a negative errno', ['facts', ...source.with(0, '-2'), table], ['/a']],
    ['with a mount that is not in the table', ['facts', ...source.with(7, '7'), table], ['/a']],
    ['with a mount that is not in the table', ['facts', ...source.with(7, '1'), table], ['/a']],
  ])('%s are refused', (_, fields, paths) => {
    expect(() => read(fields, paths)).toThrow(/do not understand each other/);
  });
});
