import { expect, test } from 'vitest';
import { readAll } from '../../channel/test-support/streams.js';
import { developer } from '../../gate/caller.js';
import { BodyBudget } from './body-budget.js';
import { startGate } from './engine-double.test-support.js';

const container = (id: string) => ({ kind: 'container', id, image: 'x' }) as const;
const limits = { developer: 6000, container: 600, containers: 900 };

test('a container has its share, all of them have theirs, and the developer another', () => {
  const budget = new BodyBudget(limits);
  const [a, b, c] = ['a', 'b', 'c'].map((id) => budget.claim(container(id)));
  a?.bytes(100);
  expect(() => a?.bytes(1)).toThrow(/BH_GATE_BUSY|rule body-memory.*the container a that/);
  b?.bytes(50);
  expect(() => c?.bytes(1)).toThrow('requests of all containers that');
  budget.claim(developer).bytes(1000);
  a?.[Symbol.dispose]();
  a?.[Symbol.dispose]();
  c?.bytes(100);
  expect(() => c?.bytes(1)).toThrow('rule body-memory');
});

test('what is parsed counts by its values', () => {
  const claim = new BodyBudget({ ...limits, developer: 1200 }).claim(developer);
  claim.parsed(Buffer.from('{"a":[1]}'));
  expect(() => {
    claim.parsed(Buffer.from('1'));
  }).not.toThrow();
  expect(() => {
    claim.parsed(Buffer.from('1'));
  }).toThrow('rule body-memory');
});

const post = (body: string): string =>
  `POST /containers/create HTTP/1.1\r\nHost: x\r\nContent-Length: ${body.length}\r\n\r\n${body}`;

test('bodies that are held at once have a bound, whatever connection they come by', async () => {
  const bodies = new BodyBudget({ ...limits, developer: 400_000 });
  const large = JSON.stringify({ Image: 'x'.repeat(40_000) });
  const judging = Promise.withResolvers<void>();
  const held = Promise.withResolvers<void>();
  const first = await startGate({
    bodies,
    judgeBody: async () => {
      judging.resolve();
      return held.promise;
    },
  });
  first.near.write(post(large));
  await judging.promise;
  const second = await startGate({ bodies });
  second.near.write(post(large));
  expect(String(await readAll(second.near))).toMatch(/^HTTP\/1\.1 503 [^]*the developer.*BH_GATE_BUSY/);
  expect(second.received()).toBe('');
  const small = await startGate({ bodies });
  small.near.write(post('{"Image":"small"}'));
  await small.whenReceived(/small/);
  held.resolve();
  await first.whenReceived(/xxxx"/);
  const third = await startGate({ bodies });
  third.near.write(post(large));
  await third.whenReceived(/xxxx"/);
});

test('a body that never ends, and one that is refused, give back what they took', async () => {
  const bodies = new BodyBudget({ ...limits, developer: 400_000 });
  for (const body of [`${' '.repeat(40_000)}{]`, `{"a":1,"a":${' '.repeat(40_000)}1}`]) {
    const refused = await startGate({ bodies });
    refused.near.write(post(body));
    expect(String(await readAll(refused.near))).toContain('BH_GATE_BODY');
  }
  const left = await startGate({ bodies });
  left.near.write(post('x'.repeat(50_000)).slice(0, -10_000));
  left.near.destroy();
  await left.over;
  const { near, whenReceived } = await startGate({ bodies });
  near.write(post(JSON.stringify({ Image: 'x'.repeat(50_000) })));
  await whenReceived(/xxxx"/);
});
