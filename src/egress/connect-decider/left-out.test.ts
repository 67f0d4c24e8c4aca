import { describe, expect, test } from 'vitest';
import { from, scene, shown } from './connect-decider.test-support.js';

const rules = { networkAccess: { default: 'deny', rules: [{ to: 'a.example', action: 'allow' }] } };

describe('addresses that names are without', () => {
  test('are answered with none, by a datagram and on a connection, and no name server is asked', async () => {
    const { look, asked } = scene(rules, {}, 'closed', 'ipv4');
    const answer = await look('A.example');
    expect([(answer?.flags ?? 0) & 15, answer?.answers, answer?.id]).toEqual([0, [], 7]);
    expect(answer?.questions).toMatchObject([{ name: 'A.example', type: 'A' }]);
    const streamed = await look('a.example', from, 'A', true);
    expect([(streamed?.flags ?? 0) & 15, streamed?.answers]).toEqual([0, []]);
    expect(asked).toEqual([]);
  });

  test('are those of one family: the other’s, and all else, is asked for as ever', async () => {
    const { look, asked } = scene(rules, {}, 'closed', 'ipv6');
    expect((await look('a.example'))?.answers).toHaveLength(2);
    for (const type of ['TXT', 'AAAA'] as const) await look('a.example', from, type);
    expect(asked).toEqual(['dns a.example A', 'dns a.example TXT']);
  });

  test('change nothing for the names of the host, nor for one that leads nowhere', async () => {
    const told: unknown[] = [];
    const { look } = scene(
      rules,
      { onName: (_, name, { kind }) => void told.push([name, kind]) },
      'open',
      'ipv4',
    );
    expect((await look('host.docker.internal'))?.answers).toHaveLength(1);
    expect(((await look('shut.example'))?.flags ?? 0) & 15).toBe(3);
    await look('a.example');
    expect(told).toEqual([
      ['host.docker.internal', 'allowed'],
      ['shut.example', 'refused'],
      ['a.example', 'allowed'],
    ]);
  });

  test('are remembered for nobody: an address is no name’s that was not said to have it', async () => {
    const free = scene(rules);
    await free.look('a.example');
    expect(shown(await free.decide('203.0.113.1', ['\0\x01\x02']))).toContain('203.0.113.1:443');
    const { look, decide } = scene(rules, {}, 'closed', 'ipv4');
    await look('a.example');
    expect(shown(await decide('203.0.113.1', ['\0\x01\x02']))).toBe('BH_NETWORK_ACCESS');
  });
});
