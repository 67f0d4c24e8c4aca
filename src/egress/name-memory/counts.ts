/** How many a message of the domain name system says that it has of each (RFC 1035 §4.1.1); none where it has no head. */
export interface Counts {
  readonly questions: number;
  readonly answers: number;
  readonly authorities: number;
  readonly additionals: number;
}

/** Bytes of the head; the last of them are these counts. */
export const headLength = 12;

/** Read before the message is: to read all that it has is what costs. */
export function countsOf(bytes: Uint8Array): Counts {
  if (bytes.length < headLength) return { questions: 0, answers: 0, authorities: 0, additionals: 0 };
  const { buffer, byteOffset } = bytes;
  const head = new DataView(buffer, byteOffset, headLength);
  return {
    questions: head.getUint16(4),
    answers: head.getUint16(6),
    authorities: head.getUint16(8),
    additionals: head.getUint16(10),
  };
}
