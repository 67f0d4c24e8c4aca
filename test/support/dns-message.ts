import { parseIpAddress } from '../../dist/common/ip-address.js';

/** Messages of the domain name system (RFC 1035 §4), as far as tests of the name server need them: one question, at most one address. */
export function queryFor(name: string, type: number, id: number): Buffer {
  const labels = name.split('.').map((label) => Buffer.from(`${String.fromCharCode(label.length)}${label}`));
  return Buffer.concat([
    Buffer.from([id >> 8, id & 255, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0]),
    ...labels,
    Buffer.from([0, type >> 8, type & 255, 0, 1]),
  ]);
}

export function nameOf(query: Buffer): string {
  return query.subarray(13, 13 + (query[12] ?? 0)).toString();
}

/** With all its labels. */
export function wholeNameOf(query: Buffer): string {
  const labels: string[] = [];
  for (let at = 12; query[at] !== 0 && at < query.length; at += 1 + (query[at] ?? 0))
    labels.push(query.toString('latin1', at + 1, at + 1 + (query[at] ?? 0)));
  return labels.join('.');
}

/** 1 is A, 28 AAAA. */
export function typeOf(query: Buffer): number {
  return query.readUInt16BE(query.indexOf(0, 12) + 1);
}

/** Without what a client adds behind its question (EDNS), and an answer would have to stand before. */
export function questionAlone(query: Buffer): Buffer {
  const alone = Buffer.from(query.subarray(0, query.indexOf(0, 12) + 5));
  alone.writeUInt16BE(0, 10);
  return alone;
}

/** There is nothing of that type. */
export function emptyAnswerTo(query: Buffer): Buffer {
  const head = Buffer.from(query);
  head[2] = 0x81;
  head[3] = 0x80;
  return head;
}

/** @param as another first label, of the same length. */
export function answerTo(query: Buffer, address: string, as?: string): Buffer {
  const head = Buffer.from(query);
  head[2] = 0x81;
  head[3] = 0x80;
  head.writeUInt16BE(1, 6);
  if (as !== undefined) head.write(as, 13);
  const { family, value } = parseIpAddress(address) ?? { family: 4, value: 0n };
  const [type, bytes] = family === 4 ? [1, 4] : [28, 16];
  const number = Buffer.from(value.toString(16).padStart(bytes * 2, '0'), 'hex');
  return Buffer.concat([head, Buffer.from([0xc0, 12, 0, type, 0, 1, 0, 0, 0, 9, 0, bytes]), number]);
}

export function lastAddress(answer: Buffer): string {
  return [...answer.subarray(-4)].join('.');
}

export function rcode(answer: Buffer): number {
  return (answer[3] ?? 0) & 15;
}
