import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { onTestFinished } from 'vitest';
import { socketPair, temporaryDirectory } from '../../channel/test-support/streams.js';
import { createLogger } from '../../common/log.js';
import { developer } from '../../gate/caller.js';
import { openPolicy } from '../../gate/policy.test-support.js';
import { BodyBudget } from './body-budget.js';
import type { BodyPumps } from './body-pumps.js';
import type { GateHooks } from './exchange.js';
import { passGate } from './pass-gate.js';

/** The gate between a client, `near`, and an engine that does what the test says. */
export interface GateUnderTest {
  readonly near: Socket;
  /** What the engine has got so far. */
  readonly received: () => string;
  /** Resolves when the engine has got a text that matches. */
  readonly whenReceived: (pattern: RegExp) => Promise<void>;
  /** The engine's end of the connection. */
  readonly engine: Promise<Socket>;
  /** Resolves when the gate has done with the connection. */
  readonly over: Promise<void>;
}

/** A gate that decides by its own rules alone. */
export const noHooks: GateHooks = {
  judge: () => undefined,
  judgeBody: () => undefined,
  before: () => undefined,
  after: () => undefined,
  watch: () => undefined,
  containerId: async () => Promise.resolve(undefined),
  policy: openPolicy,
  bodies: new BodyBudget(),
  witness: {
    newId: () => 'request',
    read: () => undefined,
    body: () => undefined,
    passed: () => undefined,
    answered: () => undefined,
    over: () => undefined,
    refused: () => undefined,
  },
};

export async function startGate(given: Partial<GateHooks> = {}, pumps?: BodyPumps): Promise<GateUnderTest> {
  const hooks = { ...noHooks, ...given };
  const engineSocket = join(await temporaryDirectory(), 'engine');
  let text = '';
  const waiting = new Set<() => void>();
  const accepted = Promise.withResolvers<Socket>();
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    onTestFinished(() => void socket.destroy());
    socket.on('error', () => undefined);
    socket.on('data', (chunk) => {
      text += chunk.toString('latin1');
      for (const look of waiting) look();
    });
    accepted.resolve(socket);
  });
  server.listen(engineSocket);
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  const [near, client] = await socketPair();
  near.on('error', () => undefined);
  const log = createLogger('test', new Writable({ write: (_chunk, _encoding, done) => done() }));
  return {
    near,
    received: () => text,
    whenReceived: (pattern) =>
      new Promise((resolve) => {
        const look = (): void => {
          if (!pattern.test(text)) return;
          waiting.delete(look);
          resolve();
        };
        waiting.add(look);
        look();
      }),
    engine: accepted.promise,
    over: passGate(client, {
      engineSocket,
      hooks,
      caller: developer,
      log,
      ...(pumps === undefined ? {} : { pumps }),
    }),
  };
}

/** An answer with this body. */
export function answer(body: string, status = '200 OK', ...fields: readonly string[]): string {
  return [`HTTP/1.1 ${status}`, `Content-Length: ${body.length}`, ...fields, '', body].join('\r\n');
}
