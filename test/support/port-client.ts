import { createHash, randomBytes } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { connect, isIPv6, type Socket } from 'node:net';

/** Milliseconds, under TCG on a machine that does other work as well. */
const answerMs = 30_000;

/** A TCP connection. Rejects with the system's error. */
export async function connectTo(address: string, port: number, localPort?: number): Promise<Socket> {
  const socket = connect({
    host: address,
    port,
    allowHalfOpen: true,
    ...(localPort === undefined ? {} : { localPort, localAddress: '127.0.0.1' }),
  });
  socket.setTimeout(answerMs, () => socket.destroy(new Error(`${address} port ${port} is silent`)));
  await once(socket, 'connect');
  return socket;
}

/** What comes back of a text that is sent and ended; of an echo the same. */
export async function askTcp(address: string, port: number, text: string): Promise<string> {
  const socket = await connectTo(address, port);
  socket.end(text);
  let answer = '';
  for await (const chunk of socket) answer += String(chunk);
  return answer;
}

/** The same of a server that takes the end of a request for the end of interest, and so ends the connection itself. */
export async function askOpen(address: string, port: number, text: string): Promise<string> {
  const socket = await connectTo(address, port);
  socket.write(text);
  let answer = '';
  for await (const chunk of socket) answer += String(chunk);
  socket.end();
  return answer;
}

/** Sends so many random bytes, reading what comes back at the same time. Gives the digests of both. */
export async function exchange(
  address: string,
  port: number,
  size: number,
): Promise<readonly [string, string]> {
  const socket = await connectTo(address, port);
  const [sent, got] = [createHash('sha256'), createHash('sha256')];
  const write = async (): Promise<void> => {
    const piece = randomBytes(1 << 20);
    for (let left = size; left > 0; left -= piece.length) {
      sent.update(piece);
      if (!socket.write(piece)) await once(socket, 'drain');
    }
    socket.end();
  };
  socket.on('data', (chunk) => got.update(chunk));
  await Promise.all([write(), once(socket, 'end')]);
  return [sent.digest('hex'), got.digest('hex')];
}

/** The answer to one datagram, which is sent again each second, because a lost one is nobody's fault. Rejects when there is none in time. */
export async function askUdp(address: string, port: number, text: string): Promise<string> {
  const socket = createSocket(isIPv6(address) ? 'udp6' : 'udp4');
  const send = (): void => socket.send(text, port, address, () => undefined);
  const again = setInterval(send, 1000);
  const late = setTimeout(
    () => socket.emit('error', new Error(`${address} port ${port} is silent`)),
    answerMs,
  );
  try {
    send();
    const answer = await new Promise<Buffer>((resolve, reject) => {
      socket.once('message', resolve).once('error', reject);
    });
    return String(answer);
  } finally {
    clearInterval(again);
    clearTimeout(late);
    socket.close();
  }
}
