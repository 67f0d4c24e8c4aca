import { setTimeout as deadline } from 'node:timers';
import type { Duplex } from 'node:stream';
import type { Logger } from '../../common/log.js';
import type { Caller } from '../../gate/caller.js';
import type { GateHooks } from './exchange.js';
import { passGate } from './pass-gate.js';

/** How long a connection waits for an engine that is starting again; under TCG that takes up to half a minute. */
const engineWaitMs = 60_000;

export interface EngineEntrance {
  readonly engineSocket: string;
  readonly whenEngineReady: (signal: AbortSignal) => Promise<void>;
  readonly hooks: GateHooks;
  readonly log: Logger;
}

/** Lets one connection through the gate as soon as the engine answers; a connection nobody waits for any more is dropped. */
export async function joinEngine(
  stream: Duplex,
  { engineSocket, whenEngineReady, hooks, log }: EngineEntrance,
  caller: Caller,
): Promise<void> {
  const abort = new AbortController();
  const timer = deadline(() => {
    abort.abort(new Error('the engine did not answer in time'));
  }, engineWaitMs);
  const gone = (): void => {
    abort.abort(new Error('the client has gone'));
  };
  stream.once('close', gone);
  /* The gate listens for itself later; until then an error would be uncaught. */
  stream.once('error', gone);
  try {
    await whenEngineReady(abort.signal);
  } catch {
    stream.destroy();
    return;
  } finally {
    clearTimeout(timer);
    stream.off('close', gone);
    stream.off('error', gone);
  }
  await passGate(stream, { engineSocket, hooks, caller, log });
}
