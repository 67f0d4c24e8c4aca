/**
 * Writes ASN.1 in its distinguished encoding (X.690), as much of it as a certificate needs. Nothing here reads any: what others send is read by
 * OpenSSL alone.
 */
const tags = {
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  oid: 0x06,
  utf8String: 0x0c,
  generalizedTime: 0x18,
  sequence: 0x30,
  set: 0x31,
} as const;

export function element(tag: number, ...contents: readonly Uint8Array[]): Buffer {
  const content = Buffer.concat(contents);
  return Buffer.concat([Buffer.from([tag]), lengthOf(content.length), content]);
}

function lengthOf(length: number): Buffer {
  if (length < 0x80) return Buffer.from([length]);
  const bytes: number[] = [];
  for (let rest = length; rest > 0; rest = Math.floor(rest / 256)) bytes.unshift(rest % 256);
  return Buffer.from([0x80 | bytes.length, ...bytes]);
}

export const sequence = (...parts: readonly Uint8Array[]): Buffer => element(tags.sequence, ...parts);
export const set = (...parts: readonly Uint8Array[]): Buffer => element(tags.set, ...parts);
export const utf8 = (text: string): Buffer => element(tags.utf8String, Buffer.from(text));
export const octets = (content: Uint8Array): Buffer => element(tags.octetString, content);
export const truth = element(tags.boolean, Buffer.from([0xff]));

/** @param unused bits at the end. */
export const bits = (content: Uint8Array, unused = 0): Buffer =>
  element(tags.bitString, Buffer.from([unused]), content);

/** A number that is not negative, by its bytes. */
export function integer(bytes: Uint8Array): Buffer {
  const first = bytes.findIndex((byte) => byte !== 0);
  const least = first === -1 ? Buffer.from([0]) : Buffer.from(bytes.subarray(first));
  return element(tags.integer, ...((least[0] ?? 0) < 0x80 ? [] : [Buffer.from([0])]), least);
}

/** `1.2.840.10045.4.3.2` */
export function oid(text: string): Buffer {
  const [first = 0, second = 0, ...rest] = text.split('.').map(Number);
  return element(tags.oid, Buffer.from([first * 40 + second, ...rest.flatMap(base128)]));
}

function base128(number: number): number[] {
  const bytes = [number % 128];
  for (let rest = Math.floor(number / 128); rest > 0; rest = Math.floor(rest / 128))
    bytes.unshift(0x80 | (rest % 128));
  return bytes;
}

export function time(date: Date): Buffer {
  const text = date.toISOString().replaceAll(/[-:T]|\.\d+/g, '');
  return element(tags.generalizedTime, Buffer.from(text));
}
