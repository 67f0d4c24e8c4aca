import { setTimeout as deadline } from 'node:timers';
import type { Duplex } from 'node:stream';
import { type BulkheadError, isBulkheadError } from '../../common/errors/bulkhead-error.js';
import type { Logger } from '../../common/log.js';
import { newestApiVersion } from '../../gate/api-version.js';
import type { Caller } from '../../gate/caller.js';
import { requestIdHeader } from '../../gate/http/request-head.js';
import { type BodyPumps, createBodyPumps } from './body-pumps.js';
import { ConnectionCut } from './byte-source.js';
import { GateConnection } from './connection.js';
import type { GateHooks, RequestReading } from './exchange.js';
import { hearOut } from './hear-out.js';
import { ReadSlabs } from './reused-reads.js';
import { refusalStatus } from './refusal-status.js';

export interface GateOptions {
  readonly engineSocket: string;
  readonly hooks: GateHooks;
  readonly caller: Caller;
  readonly log: Logger;
  /** Of tests. */
  readonly pumps?: BodyPumps;
}

/** How long a client that has been told the last may take to close. */
const lingerMs = 5000;

/** Of all connections to the engine. */
const slabs = new ReadSlabs();

const bodyPumpsOf = createBodyPumps('/usr/lib/bulkhead/body-pump');

/** Serves one connection of a client. Resolves when nothing more will be served on it; never rejects. */
export async function passGate(client: Duplex, options: GateOptions): Promise<void> {
  const { engineSocket, log, caller } = options;
  const pumps = options.pumps ?? bodyPumpsOf(caller.kind === 'container' ? caller.id : caller.kind);
  const engine = slabs.connect(engineSocket);
  const gate = new GateConnection(client, engine, { ...options, giveBack, pumps });
  try {
    await gate.serve(() => {
      endClient(client);
    });
    endClient(client);
  } catch (error) {
    if (gate.answering) client.destroy();
    else if (isBulkheadError(error)) refuse(client, gate.reading, error);
    else endClient(client);
    if (!isBulkheadError(error) && !(error instanceof ConnectionCut))
      log.error({ err: error }, 'a connection to the engine was cut by the gate');
  } finally {
    gate.release();
    hearOut(engine, giveBack);
    // What the client still sends is not waited for, nor may it keep the client from reading what it was told.
    client.resume();
  }
}

function refuse(client: Duplex, { id, request }: RequestReading, error: BulkheadError): void {
  const body = JSON.stringify({ message: `${error.message} (${error.code})` });
  const head = [
    `HTTP/1.1 ${refusalStatus(error.code)}`,
    `api-version: ${newestApiVersion}`,
    'content-type: application/json',
    `content-length: ${Buffer.byteLength(body)}`,
    `${requestIdHeader}: ${id}`,
    'connection: close',
  ];
  endClient(client, `${head.join('\r\n')}\r\n\r\n${request?.method === 'HEAD' ? '' : body}`);
}

const giveBack = (piece: Buffer): void => {
  slabs.giveBack(piece);
};

/** Ends in order, so that everything already written arrives; who does not close then is cut off. */
function endClient(client: Duplex, last?: string): void {
  if (client.destroyed || client.writableEnded) return;
  if (last !== undefined) client.write(last);
  client.end(() => {
    const timer = deadline(() => client.destroy(), lingerMs);
    client.once('close', () => {
      clearTimeout(timer);
    });
  });
}
