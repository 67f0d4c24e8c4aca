import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Socket } from 'node:net';
import type { BodyPlace } from '../../gate/http/body-reader.js';
import { PumpShares } from './pump-shares.js';

/** Where a pump has stopped; otherwise it failed or was killed, and nothing can be said about what it has moved. */
export type PumpEnd =
  | 'done'
  | 'behind-content'
  | 'before-size'
  | 'source-ended'
  | 'destination-gone'
  | 'unchanged'
  | { readonly failed: string };

/** body-pump.c, `enum end`. */
const ends: ReadonlyMap<number | null, PumpEnd> = new Map<number | null, PumpEnd>([
  [0, 'done'],
  [10, 'behind-content'],
  [11, 'before-size'],
  [12, 'source-ended'],
  [13, 'destination-gone'],
  [15, 'unchanged'],
]);

/** Where the source is, and whether a chunk that has ended there was ended for the destination as well. */
export type PumpStart = BodyPlace | { readonly at: 'written-end' };

/** A process that waits to be told to begin. */
export interface BodyPump {
  /** Moves bytes until it cannot go on. Nobody else may read the source or write to the destination meanwhile. */
  run(start: PumpStart): Promise<PumpEnd>;
  /** Ends it, wherever it is. */
  stop(): void;
}

/** Processes that move large bodies from one socket to another (`src/daemon/body-pump`). */
export interface BodyPumps {
  /**
   * Starts one. Node stops reading both sockets at once (`lib/internal/child_process.js`, "wrap").
   * `undefined` when as many as may be are at work (`pump-shares.ts`), or when there is no process to be had.
   */
  start(source: Socket, destination: Socket): Promise<BodyPump | undefined>;
}

/** Of bodies that nobody else may move. */
export const noPumps: BodyPumps = { start: async () => Promise.resolve(undefined) };

/**
 * Pumps of each holder, who shares them with the others.
 *
 * @param program body-pump, which ends with this process.
 */
export function createBodyPumps(program: string): (holder: string) => BodyPumps {
  const shares = new PumpShares();
  return (holder) => ({
    async start(source, destination) {
      if (source.destroyed || destination.destroyed) return undefined;
      const over = shares.take(holder);
      if (over === undefined) return undefined;
      try {
        const child = spawn(program, [], { stdio: ['pipe', 'ignore', 'ignore', source, destination] });
        if (!(keepFromBlocking(source) && keepFromBlocking(destination))) {
          child.kill('SIGKILL');
          source.destroy();
          destination.destroy();
        }
        const exit = new Promise<PumpEnd>((resolve) => {
          child.once('exit', (code, signal) =>
            resolve(ends.get(code) ?? { failed: `${program} ended with ${code ?? signal ?? 'nothing'}` }),
          );
        });
        void exit.then(over);
        // It may be gone before it has read its line: its exit status says so.
        child.stdin?.on('error', () => undefined);
        await once(child, 'spawn');
        return {
          async run(start) {
            child.stdin?.end(`${'left' in start ? `${start.at} ${start.left}` : start.at}\n`);
            return exit;
          },
          stop() {
            child.kill('SIGKILL');
          },
        };
      } catch {
        over();
        return undefined;
      }
    },
  });
}

/**
 * Some versions of libuv, that of Debian's Node in the image among them and Node's own not, make a descriptor blocking that a child inherits as a
 * stream, and it is one open file for both. The first client that does not read would then stop this process in a write, and with it everybody's
 * engine. To be called before anything can be written. Node has no public name for `uv_stream_set_blocking`; false where there is none at all.
 */
function keepFromBlocking(socket: Socket): boolean {
  const handle: unknown = Reflect.get(socket, '_handle');
  if (typeof handle !== 'object' || handle === null || !('setBlocking' in handle)) return false;
  const { setBlocking } = handle;
  return typeof setBlocking === 'function' && Reflect.apply(setBlocking, handle, [false]) === 0;
}
