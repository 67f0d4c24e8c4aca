import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { readLines } from '../../common/line-reader.js';

const sources = fileURLToPath(new URL('../relay', import.meta.url));

/** Compiles the relay with sanitizers, and what starts it, into a directory of its own. */
export async function compileRelay(): Promise<{ readonly directory: string } & Disposable> {
  const directory = mkdtempSync(join(tmpdir(), 'bh-egress-'));
  const targets = ['checked', 'start', 'shares', 'changing'].map((name) => join(directory, name));
  await execa('make', ['--silent', '-C', sources, `OUT=${directory}`, ...targets]);
  return { directory, [Symbol.dispose]: () => rmSync(directory, { recursive: true }) };
}

export interface RelayProgram extends AsyncDisposable {
  /** Where the gateway finds it. */
  readonly path: string;
  /** On the loopback: what connects there is relayed, and `to` is this port. */
  readonly tcpPort: number;
  readonly udpPort: number;
  readonly child: ChildProcess;
  /** What it has said on standard error, a sanitizer's report for instance. */
  readonly errors: readonly string[];
}

/** @param files how many it may have open, where it is to be fewer than this process may. */
export async function startRelay(directory: string, files?: number): Promise<RelayProgram> {
  const path = join(directory, files === undefined ? 'relay.sock' : `relay-${files}.sock`);
  const limit = files === undefined ? '' : `ulimit -n ${files}; `;
  const child = spawn(
    'sh',
    ['-c', `${limit}exec "$0" "$@"`, join(directory, 'start'), join(directory, 'checked'), path],
    { stdio: ['ignore', 'pipe', 'pipe'] },
  );
  const errors: string[] = [];
  void readLines(child.stderr, (line) => errors.push(line));
  const [tcpPort = 0, udpPort = 0] = await new Promise<number[]>((resolve) => {
    void readLines(child.stdout, (line) => resolve(line.split(' ').map(Number)));
  });
  return {
    path,
    tcpPort,
    udpPort,
    child,
    errors,
    async [Symbol.asyncDispose]() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      child.kill('SIGKILL');
      await once(child, 'exit');
    },
  };
}

/** A server on the loopback whose connections are taken one by one. */
export interface Upstream extends AsyncDisposable {
  readonly port: number;
  readonly next: () => Promise<Socket>;
}

export async function startUpstream(): Promise<Upstream> {
  const sockets: Socket[] = [];
  const all: Socket[] = [];
  const waiting: ((socket: Socket) => void)[] = [];
  const server: Server = createServer({ allowHalfOpen: true }, (socket) => {
    socket.on('error', () => undefined);
    all.push(socket);
    const taker = waiting.shift();
    if (taker === undefined) sockets.push(socket);
    else taker(socket);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return {
    port: address.port,
    next: () =>
      new Promise((resolve) => {
        const socket = sockets.shift();
        if (socket === undefined) waiting.push(resolve);
        else resolve(socket);
      }),
    async [Symbol.asyncDispose]() {
      for (const socket of all) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

/** A client of the relay's; `ended` is how its connection ends. */
export async function startClient(
  port: number,
  localAddress = '127.0.0.1',
): Promise<{ readonly socket: Socket; readonly ended: Promise<'closed' | 'reset'> }> {
  const socket = connect({ port, host: '127.0.0.1', localAddress, allowHalfOpen: true });
  const ended = new Promise<'closed' | 'reset'>((resolve) => {
    let reset = false;
    socket.on('error', () => {
      reset = true;
    });
    socket.on('close', () => resolve(reset ? 'reset' : 'closed'));
  });
  await Promise.race([new Promise((resolve) => socket.once('connect', resolve)), ended]);
  return { socket, ended };
}
