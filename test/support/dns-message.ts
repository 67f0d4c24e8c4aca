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
  const record = [0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 9, 0, 4, ...address.split('.').map(Number)];
  return Buffer.concat([head, Buffer.from(record)]);
}

export function lastAddress(answer: Buffer): string {
  return [...answer.subarray(-4)].join('.');
}

export function rcode(answer: Buffer): number {
  return (answer[3] ?? 0) & 15;
}
