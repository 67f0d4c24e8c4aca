import { setTimeout as delay } from 'node:timers/promises';
import { type ApiAnswer, type ApiRequest, callEngine } from './engine-api.ts';
import { probe } from './docker.ts';

/** A request that a policy with `bulkhead.allowPrivileged` false forbids. */
export const createPrivileged = {
  method: 'POST',
  path: '/v1.51/containers/create',
  body: { Image: probe, Cmd: ['true'], HostConfig: { Privileged: true } },
};

/** `denied` by that policy, `sign-in` where nobody is signed in, `served`; of any other answer what it says. */
export function kindOf({ status, text }: Pick<ApiAnswer, 'status' | 'text'>): string {
  if (status === 403 && text.includes('bulkhead.allowPrivileged')) return 'denied';
  if (status === 407 && text.includes('Sign in to continue using')) return 'sign-in';
  return status < 300 ? 'served' : `${status} ${text}`;
}

/** A client that waits for no sign of an engine: it asks the same on and on, some hundred times a second. */
export class HammeringClient {
  /** How many answers of each kind there were; attempts without an answer are not counted. */
  readonly answers = new Map<string, number>();
  readonly #over = new AbortController();
  readonly #loops: Promise<void>[];

  /** @param pauseMs between two attempts: the engine shares the processors of whoever asks it. */
  constructor(
    socket: string,
    { request, parallel = 1, pauseMs = 1 }: { request: ApiRequest; parallel?: number; pauseMs?: number },
  ) {
    this.#loops = Array.from({ length: parallel }, () => this.#loop(socket, request, pauseMs));
  }

  count(kind: string): number {
    return this.answers.get(kind) ?? 0;
  }

  async stop(): Promise<void> {
    this.#over.abort();
    await Promise.all(this.#loops);
  }

  async #loop(socket: string, request: ApiRequest, pauseMs: number): Promise<void> {
    while (!this.#over.signal.aborted) {
      const kind = await callEngine(socket, request).then(kindOf, () => undefined);
      if (kind !== undefined) this.answers.set(kind, this.count(kind) + 1);
      await delay(pauseMs);
    }
  }
}
