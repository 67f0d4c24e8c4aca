import type { Exchange } from './exchange.js';

/** Decides whether the engine may see a request: throws or rejects with a refusal when it may not. */
export type Judge = (exchange: Exchange) => Promise<void> | undefined;

/** All of them, in their order; the first refusal is the one the client reads. */
export function judgeAll(judges: readonly Judge[]): (exchange: Exchange) => Promise<void> {
  return async (exchange) => {
    for (const judge of judges) await judge(exchange);
  };
}
