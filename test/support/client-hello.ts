/** The first message of TLS 1.3 (RFC 8446 §4.1.2) that names a server, and nothing else a server would need to answer it. */
export function clientHello(name: string): Buffer {
  const u16 = (value: number): readonly number[] => [value >> 8, value & 255];
  const text = [...Buffer.from(name)];
  const serverName = [
    0,
    0,
    ...u16(text.length + 5),
    ...u16(text.length + 3),
    0,
    ...u16(text.length),
    ...text,
  ];
  const random = Array.from({ length: 32 }, () => 0x72);
  const body = [3, 3, ...random, 0, ...u16(2), 0x13, 1, 1, 0, ...u16(serverName.length), ...serverName];
  const message = [1, 0, ...u16(body.length), ...body];
  return Buffer.from([0x16, 3, 1, ...u16(message.length), ...message]);
}
