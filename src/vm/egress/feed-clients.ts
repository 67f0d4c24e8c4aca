import { once } from 'node:events';
import type { Duplex, Readable, Writable } from 'node:stream';
import { setTimeout as pause } from 'node:timers/promises';
import { CountedLines } from '../../common/counted-lines.js';
import { type EgressClient, longestClientLine } from '../../common/egress-clients.js';
import { readLines } from '../../common/line-reader.js';

const lineFeed = 0x0a;
const pauseMs = 200;
const nobody: EgressClient = { kind: 'nobody' };

/** The standard streams of a gateway. */
export interface GatewayStreams {
  readonly stdin: Writable;
  readonly stdout: Readable;
}

/** The stream by which the engine's bulkheadd says who has which address (`Channel.openEgress`); disposing of it ends what was opened for it. */
export interface ClientStream extends AsyncDisposable {
  readonly stream: Duplex;
}
/** Rejects where there is none now. */
export type OpenClients = (signal: AbortSignal) => Promise<ClientStream>;

/**
 * Hands on to a gateway what the engine's bulkheadd says of who has which address, and to bulkheadd what the gateway decided and saw pulled, until the signal aborts. Whenever
 * that can't be asked the gateway knows of nobody, and lets nobody out.
 */
export async function feedClients(
  openClients: OpenClients,
  { stdin, stdout }: GatewayStreams,
  signal: AbortSignal,
): Promise<void> {
  let open: Duplex | undefined;
  const toBulkheadd = new CountedLines({ stream: () => open });
  void readLines(stdout, (line) => toBulkheadd.write(line));
  const onOpen = (stream: Duplex): void => {
    open = stream;
  };
  while (!signal.aborted) {
    await feedOnce(openClients, stdin, onOpen, signal).catch(() => undefined);
    if (signal.aborted || !stdin.writable) return;
    stdin.write(`${JSON.stringify(nobody)}\n`);
    await pause(pauseMs, undefined, { signal }).catch(() => undefined);
  }
}

async function feedOnce(
  openClients: OpenClients,
  gateway: Writable,
  onOpen: (stream: Duplex) => void,
  signal: AbortSignal,
): Promise<void> {
  await using clients = await openClients(signal);
  const { stream } = clients;
  stream.on('error', () => undefined);
  onOpen(stream);
  const end = (): void => void stream.destroy();
  signal.addEventListener('abort', end);
  try {
    for await (const lines of wholeLines(stream))
      if (!gateway.write(lines)) await once(gateway, 'drain', { signal });
  } finally {
    signal.removeEventListener('abort', end);
    stream.destroy();
  }
}

/** As many as came together. What a broken stream leaves of one is not handed on. */
export async function* wholeLines(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer, void, undefined> {
  let begun: Buffer = Buffer.alloc(0);
  for await (const chunk of chunks) {
    const all = Buffer.concat([begun, chunk]);
    const end = all.lastIndexOf(lineFeed) + 1;
    begun = all.subarray(end);
    if (end > 0) yield all.subarray(0, end);
    // Bytes, of which a unit of UTF-16 is three at most.
    if (begun.length > 3 * longestClientLine) throw new RangeError('a line is too long');
  }
}
