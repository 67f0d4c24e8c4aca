import { createSocket } from 'node:dgram';
import { isIPv6 } from 'node:net';
import { longestAnswer } from '../relay-wire.js';

export interface NameServer {
  readonly address: string;
  readonly port: number;
}

const headerLength = 12;
const tryMs = 2000;

/**
 * Passes a question on as it is, to one server after the other, and gives back the first answer. Each question has a socket, and with it a port of its own that
 * the kernel chooses, and takes only what comes from the server it asked and repeats the id: a forged answer has to guess both.
 */
export async function askNameServers(
  servers: readonly NameServer[],
  question: Buffer,
  signal: AbortSignal,
): Promise<Buffer | undefined> {
  if (question.length < headerLength) return undefined;
  return firstAnswer(servers, (server) => askOne(server, question, signal), signal);
}

/** What the first server answers that does, asked one after the other. */
export async function firstAnswer(
  servers: readonly NameServer[],
  ask: (server: NameServer) => Promise<Buffer>,
  signal: AbortSignal,
): Promise<Buffer | undefined> {
  for (const server of servers) {
    const answer = await ask(server).catch(() => undefined);
    if (answer !== undefined || signal.aborted) return answer;
  }
  return undefined;
}

/** Threat: the signal outlives all questions, and a container asks without end. Nothing of a question is left when it is over. */
async function askOne(server: NameServer, question: Buffer, signal: AbortSignal): Promise<Buffer> {
  const socket = createSocket(isIPv6(server.address) ? 'udp6' : 'udp4');
  const { promise, resolve, reject } = Promise.withResolvers<Buffer>();
  const timer = setTimeout(() => reject(new Error('no answer')), tryMs);
  const aborted = (): void => reject(new Error('no longer wanted'));
  signal.addEventListener('abort', aborted);
  socket.on('error', reject);
  socket.on('message', (answer) => {
    if (answer.length < headerLength || answer.length > longestAnswer) return;
    if (answer.readUInt16BE(0) === question.readUInt16BE(0)) resolve(answer);
  });
  try {
    // Connected, it takes nothing of anybody else, and is told at once when nobody listens there.
    socket.connect(server.port, server.address, () => socket.send(question));
    return await promise;
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', aborted);
    socket.close();
  }
}
