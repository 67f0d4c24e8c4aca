import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type IpAddress, parseIpAddress } from '../../common/ip-address.js';
import { NameMemory } from './index.js';

const at = (text: string): IpAddress => {
  const address = parseIpAddress(text);
  if (address === undefined) throw new Error(text);
  return address;
};
const numbered = (n: number): IpAddress => ({ family: 4, value: 0x0a00_0000n + BigInt(n) });
const minute = 60_000;

describe('NameMemory', () => {
  test('knows the names of an address, the last first, for whoever resolved them', () => {
    const memory = new NameMemory();
    memory.remember('a', 'one.example', [at('203.0.113.1'), at('2001:db8::1')], 60, 0);
    memory.remember('a', 'two.example', [at('203.0.113.1')], 60, 0);
    memory.remember('b', 'three.example', [at('203.0.113.1')], 60, 0);
    expect(memory.namesOf('a', at('203.0.113.1'), 1)).toEqual(['two.example', 'one.example']);
    memory.remember('a', 'one.example', [at('203.0.113.1')], 60, 1);
    expect(memory.namesOf('a', at('::ffff:203.0.113.1'), 1)).toEqual(['one.example', 'two.example']);
    expect(memory.namesOf('a', at('2001:db8::1'), 1)).toEqual(['one.example']);
    expect(memory.namesOf('b', at('203.0.113.1'), 1)).toEqual(['three.example']);
    expect(memory.namesOf('c', at('203.0.113.1'), 1)).toEqual([]);
    expect(memory.size).toBe(4);
  });

  test('for ten minutes at least, for a day at most, and as long as it is used', () => {
    const memory = new NameMemory();
    memory.remember('a', 'short.example', [at('203.0.113.1')], 0, 0);
    memory.remember('a', 'long.example', [at('203.0.113.2')], 1e9, 0);
    expect(memory.namesOf('a', at('203.0.113.1'), 10 * minute - 1)).toEqual(['short.example']);
    expect(memory.namesOf('a', at('203.0.113.1'), 20 * minute - 2)).toEqual(['short.example']);
    expect(memory.namesOf('a', at('203.0.113.1'), 31 * minute)).toEqual([]);
    expect(memory.namesOf('a', at('203.0.113.2'), 24 * 60 * minute)).toEqual([]);
  });

  test('a container that is gone leaves nothing', () => {
    const memory = new NameMemory();
    memory.remember('a', 'one.example', [at('203.0.113.1')], 60, 0);
    memory.forget('a');
    memory.forget('never');
    expect([memory.namesOf('a', at('203.0.113.1'), 1), memory.size]).toEqual([[], 0]);
  });

  test('one that floods forgets its own, the oldest first, and nobody else anything', () => {
    const memory = new NameMemory();
    memory.remember('quiet', 'mine.example', [numbered(1)], 60, 0);
    for (let n = 0; n < 5000; n += 1) memory.remember('loud', `n${n}.example`, [numbered(n)], 60, n);
    expect(memory.size).toBe(2049);
    expect(memory.namesOf('loud', numbered(4999), 5000)).toEqual(['n4999.example']);
    expect(memory.namesOf('loud', numbered(0), 5000)).toEqual([]);
    expect(memory.namesOf('quiet', numbered(1), 5000)).toEqual(['mine.example']);
  });

  test('many that flood together leave those their names that have few', () => {
    const memory = new NameMemory();
    memory.remember('quiet', 'mine.example', [numbered(1)], 60, 0);
    for (let client = 0; client < 40; client += 1)
      for (let n = 0; n < 2048; n += 1) memory.remember(`loud${client}`, 'n.example', [numbered(n)], 60, n);
    expect(memory.size).toBe(65_536);
    expect(memory.namesOf('quiet', numbered(1), 5000)).toEqual(['mine.example']);
  });

  test('is what a list of all that was said is', () => {
    const event = fc.record({
      client: fc.constantFrom('a', 'b'),
      name: fc.constantFrom('x', 'y', 'z'),
      address: fc.nat(3),
      gone: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(event, { maxLength: 40 }), (events) => {
        const memory = new NameMemory();
        let said: { client: string; name: string; address: number }[] = [];
        for (const { client, name, address, gone } of events) {
          said = said.filter(
            (each) => each.client !== client || (!gone && (each.name !== name || each.address !== address)),
          );
          if (gone) memory.forget(client);
          else {
            memory.remember(client, name, [numbered(address)], 60, 0);
            said.unshift({ client, name, address });
          }
        }
        expect(memory.size).toBe(said.length);
        for (const client of ['a', 'b'])
          for (let address = 0; address < 4; address += 1)
            expect(memory.namesOf(client, numbered(address), 1)).toEqual(
              said
                .filter((each) => each.client === client && each.address === address)
                .map(({ name }) => name),
            );
      }),
      { numRuns: 1000 },
    );
  });
});
