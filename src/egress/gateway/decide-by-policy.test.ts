import { expect, onTestFinished, test, vi } from 'vitest';
import { peekOf } from '../connect-decider/connect-decider.test-support.js';
import type { Asker } from '../connect-decider/facts.js';
import { QuestionThread } from '../connect-decider/index.js';
import { settingsOf } from '../test-support/settings.js';
import { decideByPolicy } from './decide-by-policy.js';

test('a question whether something is a registry is the client’s, and ends with its connection', async () => {
  const askers: Asker[] = [];
  const ask = vi.spyOn(QuestionThread.prototype, 'ask').mockImplementation(async (_question, asker) => {
    askers.push(asker);
    return new Promise(() => {});
  });
  onTestFinished(() => ask.mockRestore());
  const decider = decideByPolicy(
    settingsOf({ bulkhead: { registryAccess: { rules: [{ host: 'ghcr.io' }] } } }),
    { hostLoopback: 'closed', onName: () => undefined, nameServers: () => [], system: { exclude: [] } },
  );
  const id = 'c'.repeat(64);
  decider.clients.take({
    kind: 'container',
    id,
    name: 'web',
    image: [],
    labels: {},
    addresses: ['172.17.0.2'],
  });
  const wanted = {
    from: { address: '172.17.0.2', port: 40_000 },
    to: { address: '203.0.113.1', port: 80 },
    peek: peekOf(['GET / HTTP/1.1\r\nHost: 203.0.113.1\r\n\r\n']),
  };
  const gone = new AbortController();
  const verdict = decider.decide(wanted, gone.signal);
  await expect.poll(() => askers.map(({ client }) => client)).toEqual([`container ${id}`]);
  gone.abort(new Error('gone'));
  await expect(verdict).rejects.toThrow('gone');
  expect(askers[0]?.signal.aborted).toBe(true);
});
