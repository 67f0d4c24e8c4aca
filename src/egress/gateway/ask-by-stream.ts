import { openTcp } from '../upstream-proxy/index.js';
import { readAnswer } from '../upstream-proxy/read-exactly.js';
import { askNameServers, firstAnswer, type NameServer } from './ask-name-server.js';

/** The bit by which a server says that a datagram has no room for its answer (RFC 1035 §4.1.1). */
const truncated = 0x02;
const tryMs = 2000;
/** What two bytes can say. */
const longest = 65_537;

/** As `askNameServers`, and once more by TCP where the answer does not fit: it is read here, and what is missing would be missing in what is decided. */
export async function askNameServersWholly(
  servers: readonly NameServer[],
  question: Buffer,
  signal: AbortSignal,
): Promise<Buffer | undefined> {
  const answer = await askNameServers(servers, question, signal);
  if (answer === undefined || ((answer[2] ?? 0) & truncated) === 0) return answer;
  return firstAnswer(servers, (server) => askByStream(server, question, signal), signal);
}

/** Each message behind its length (RFC 7766). */
async function askByStream(
  { address, port }: NameServer,
  question: Buffer,
  signal: AbortSignal,
): Promise<Buffer> {
  const over = AbortSignal.any([signal, AbortSignal.timeout(tryMs)]);
  const socket = await openTcp(address, port, over);
  socket.on('error', () => undefined);
  try {
    const length = Buffer.alloc(2);
    length.writeUInt16BE(question.length);
    socket.write(Buffer.concat([length, question]));
    const behind = (bytes: Buffer): number | undefined =>
      bytes.length < 2 ? undefined : 2 + bytes.readUInt16BE(0);
    return (await readAnswer(socket, behind, over, longest)).subarray(2);
  } finally {
    socket.destroy();
  }
}
