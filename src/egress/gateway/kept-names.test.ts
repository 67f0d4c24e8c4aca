import { expect, test } from 'vitest';
import { parseIpAddress } from '../../common/ip-address.js';
import type { Resolved } from '../connect-decider/index.js';
import { KeptNames } from './kept-names.js';

const addresses = (...texts: string[]): Resolved['addresses'] =>
  texts.flatMap((text) => parseIpAddress(text) ?? []);
const [one, two] = addresses('192.0.2.1', '192.0.2.2');

function kept(answers: readonly (Resolved | Error)[]): {
  names: KeptNames;
  asked: string[];
  pass: (ms: number) => void;
} {
  const asked: string[] = [];
  let now = 0;
  const names = new KeptNames(
    async (name) => {
      asked.push(name);
      const answer = answers[Math.min(asked.length, answers.length) - 1];
      if (answer instanceof Error || answer === undefined) throw answer;
      return Promise.resolve(answer);
    },
    () => now,
  );
  return { names, asked, pass: (ms) => (now += ms) };
}

test('an answer is kept as long as its name server says, and no longer than a minute', async () => {
  const { names, asked, pass } = kept([
    { addresses: addresses('192.0.2.1'), ttl: 5 },
    { addresses: addresses('192.0.2.2'), ttl: 3600 },
  ]);
  await names.resolve('a.test');
  pass(4999);
  expect((await names.resolve('a.test')).addresses).toEqual([one]);
  expect(asked).toHaveLength(1);
  pass(1);
  expect((await names.resolve('a.test')).addresses).toEqual([two]);
  pass(59_999);
  await names.resolve('a.test');
  expect(asked).toHaveLength(2);
  pass(1);
  await names.resolve('a.test');
  expect(asked).toHaveLength(3);
});

test('of questions at the same time one is asked, and each name is its own', async () => {
  const { names, asked } = kept([{ addresses: addresses('192.0.2.1'), ttl: 60 }]);
  await Promise.all([names.resolve('a.test'), names.resolve('a.test', two), names.resolve('b.test')]);
  expect(asked).toEqual(['a.test', 'b.test']);
});

test('what is kept without the address somebody connects to is asked for anew', async () => {
  const { names, asked } = kept([
    { addresses: addresses('192.0.2.1'), ttl: 60 },
    { addresses: addresses('192.0.2.2'), ttl: 60 },
  ]);
  await names.resolve('a.test', one);
  expect((await names.resolve('a.test', one)).addresses).toEqual([one]);
  expect((await names.resolve('a.test', two)).addresses).toEqual([two]);
  expect(asked).toHaveLength(2);
});

test('neither a failure nor a name without addresses is kept, nor what is good for no time', async () => {
  const { names, asked } = kept([
    new Error('nobody answers'),
    { addresses: [], ttl: 60 },
    { addresses: addresses('192.0.2.1'), ttl: 0 },
  ]);
  await expect(names.resolve('a.test')).rejects.toThrow('nobody answers');
  for (let n = 0; n < 3; n += 1) await names.resolve('a.test');
  expect(asked).toHaveLength(4);
});

test('many names push out the oldest', async () => {
  const { names, asked } = kept([{ addresses: addresses('192.0.2.1'), ttl: 60 }]);
  for (let n = 0; n <= 4096; n += 1) await names.resolve(`n${n}.test`);
  await names.resolve('n1.test');
  expect(asked).toHaveLength(4097);
  await names.resolve('n0.test');
  expect(asked).toHaveLength(4098);
});
