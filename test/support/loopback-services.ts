import { once } from 'node:events';
import { createServer } from 'node:net';

/** What listens on the loopback of this machine, where services trust whoever comes. */
export interface LoopbackService {
  readonly port: number;
  /** How many have connected to it. */
  readonly visits: () => number;
}

export interface LoopbackServices extends AsyncDisposable {
  /** That rules allow. */
  readonly open: LoopbackService;
  /** Of which no rule says anything. */
  readonly shut: LoopbackService;
}

/** Services that say `loopback` to whoever connects. */
export async function startLoopbackServices(): Promise<LoopbackServices> {
  await using undo = new AsyncDisposableStack();
  const start = async (): Promise<LoopbackService> => {
    let visits = 0;
    const server = createServer((socket) => {
      visits += 1;
      socket.on('error', () => undefined).end('loopback\n');
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    undo.defer(() => void server.close());
    const address = server.address();
    if (address === null || typeof address === 'string') throw new Error('no port');
    return { port: address.port, visits: () => visits };
  };
  const [open, shut] = [await start(), await start()];
  const all = undo.move();
  return { open, shut, [Symbol.asyncDispose]: () => all.disposeAsync() };
}

/** Opens the loopback of this machine to containers, and by rules one service there. */
export const loopbackPolicy = ({ open }: LoopbackServices) => ({
  hostLoopback: { locked: true, value: true },
  rule: { to: `host.docker.internal:${open.port}`, action: 'allow' },
});
