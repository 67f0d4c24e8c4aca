import { type Duplex, duplexPair } from 'node:stream';
import type { FromRelay, ToRelay } from '../relay-wire.js';
import type { Decider, Through } from './decider.js';
import { Gateway } from './gateway.js';
import type { GatewayEvent } from './gateway-event.js';
import type { GatewayWorld } from './gateway-world.js';

export const from = { address: '172.17.0.2', port: 40_000 };
export const to = { address: '192.0.2.1', port: 443 };
export const other = { address: '192.0.2.2', port: 443 };
/** What a relay says of a new connection. */
export const open = (id: number): FromRelay => ({ kind: 'open', id, from, to });

/** A gateway between a relay and a world that do nothing by themselves. */
export function start(decider: Partial<Decider>, { dials = false } = {}) {
  const sent: ToRelay[] = [];
  const events: GatewayEvent[] = [];
  const whole: Decider = {
    decide: () => ({ kind: 'refuse', reason: 'not asked here' }),
    answer: () => Promise.resolve(undefined),
    ...decider,
  };
  const streams: { readonly id: number; readonly hold: boolean; readonly other: Duplex }[] = [];
  const dialled: { readonly through: Through; readonly upstream: PromiseWithResolvers<Duplex> }[] = [];
  const direct: { readonly places: readonly unknown[]; readonly upstream: PromiseWithResolvers<Duplex> }[] =
    [];
  const world: GatewayWorld = {
    most: 3,
    send: (message) => void sent.push(message),
    stream: async (id, hold) => {
      const [side, other] = duplexPair();
      streams.push({ id, hold, other });
      return Promise.resolve(side);
    },
    dialThrough: async (through) => {
      const upstream = Promise.withResolvers<Duplex>();
      dialled.push({ through, upstream });
      return upstream.promise;
    },
    ...(dials
      ? {
          dial: async (places: readonly unknown[]) => {
            const upstream = Promise.withResolvers<Duplex>();
            direct.push({ places, upstream });
            return upstream.promise;
          },
        }
      : {}),
  };
  const gateway = new Gateway(whole, world, (event) => events.push(event));
  return { gateway, sent, events, streams, dialled, direct };
}
/** What was begun has gone as far as it can. */
export const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
