/** An archive whose one member is the character device 1:5 (`/dev/zero`), as POSIX.1-2017 pax(1), "ustar", lays it out. */
export function deviceNodeTar(name: string): Buffer {
  return Buffer.concat([member(name, '3', 0), Buffer.alloc(1024)]);
}

/** The same of a file with less than 512 bytes. */
export function regularFileTar(name: string, text: string): Buffer {
  const content = Buffer.alloc(512);
  content.write(text);
  return Buffer.concat([member(name, '0', text.length), content, Buffer.alloc(1024)]);
}

function member(name: string, kind: string, size: number): Buffer {
  const header = Buffer.alloc(512);
  const put = (at: number, text: string): number => header.write(text, at, 'latin1');
  put(0, name);
  put(100, '0000666\0'); // mode
  put(108, '0000000\0'); // owner
  put(116, '0000000\0'); // group
  put(124, `${size.toString(8).padStart(11, '0')}\0`); // size
  put(136, '00000000000\0'); // time
  put(148, '        '); // counts as blanks in its own sum
  put(156, kind);
  put(257, 'ustar\x0000');
  put(329, '0000001\0'); // numbers of a device
  put(337, '0000005\0');
  const sum = header.reduce((total, byte) => total + byte, 0);
  put(148, `${sum.toString(8).padStart(6, '0')}\0 `);
  return header;
}
