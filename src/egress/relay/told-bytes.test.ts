import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { readLines } from '../../common/line-reader.js';
import {
  compileRelay,
  type RelayProgram,
  startRelay,
  startUpstream,
  type Upstream,
} from '../test-support/relay-program.js';
import { readFrom, type Talk, talkTo } from '../test-support/relay-talk.js';

vi.setConfig({ testTimeout: 60_000 });

let built: Awaited<ReturnType<typeof compileRelay>>;
let relay: RelayProgram;
let upstream: Upstream;
let gateway: Talk;
beforeAll(async () => {
  built = await compileRelay();
  relay = await startRelay(built.directory);
  upstream = await startUpstream();
  gateway = await talkTo(relay);
}, 180_000);
afterAll(async () => {
  await upstream[Symbol.asyncDispose]();
  await relay[Symbol.asyncDispose]();
  built[Symbol.dispose]();
  // A sanitizer's report, for instance.
  if (relay.errors.length > 0) throw new Error(`the relay broke: ${relay.errors.join('\n')}`);
});

/** A client that has sent some bytes; `change` puts others in their place. */
function sending(first: string, then: string): { change: () => Promise<void>; end: () => void } {
  const child = spawn(join(built.directory, 'changing'), [String(relay.tcpPort), first, then]);
  const changed = new Promise<void>((resolve) => void readLines(child.stdout, () => resolve()));
  return {
    change: async () => {
      child.stdin.write('\n');
      await changed;
    },
    end: () => child.stdin.end(),
  };
}

const lengths = [1, 20, 4095, 4096, 4097, 30_000, 65_536];

test.each(lengths.flatMap((length) => [false, true].map((hold) => ({ length, hold }))))(
  'what was looked at is what goes on, of $length bytes, held: $hold',
  async ({ length, hold }) => {
    const [first, then] = ['a'.repeat(length), `${'a'.repeat(length - 1)}b`];
    for (const changes of [false, true]) {
      const { link, next } = gateway;
      const client = sending(first, then);
      const { id } = await next('open');
      const look = async (): Promise<void> => {
        link.send({ kind: 'peek', id, beyond: length - 1 });
        expect((await next('peeked')).bytes.toString()).toBe(first);
      };
      if (!hold) await look();
      if (!hold && changes) await client.change();
      link.send({ kind: 'dial', id, to: { address: '127.0.0.1', port: upstream.port }, hold });
      const server = await upstream.next();
      await next('connected');
      if (hold) await look();
      if (hold && changes) await client.change();
      if (hold) link.send({ kind: 'release', id });
      const heard = await readFrom(server, length).catch(String);
      expect([heard.includes('b'), heard === first]).toEqual([false, !changes]);
      client.end();
    }
  },
);
