import { expect, test } from 'vitest';
import { inUse, never, paths, setUp } from './shared-now.test-support.js';

test('a directory that comes is judged and recorded, judged once more beside the others, served, plugged in and placed, in this order', async () => {
  const { shared, steps, closed } = setUp();
  await shared.add({ path: '/link', readOnly: true });
  expect(closed()).toBe(true);
  expect(steps).toEqual([
    'open /link beside /a /fs/a',
    'record /a /link',
    'open /link beside /a /fs/a',
    'serve /link',
    'plug share1',
    'guest {"kind":"add","device":1,"readOnly":true,"paths":["/link","/real"]}',
  ]);
  expect(paths(shared)).toEqual(['/a', '/link']);
  await shared.add({ path: '/c', readOnly: false });
  expect(steps.slice(6, 9)).toEqual([
    'open /c beside /a /fs/a /link /real /fs/link',
    'record /a /link /c but 8:1:7:0',
    'open /c beside /a /fs/a /link /real /fs/link',
  ]);
  // Once more is nothing to do; otherwise than it is there is a refusal.
  await shared.add({ path: '/link', readOnly: true });
  expect(steps.length).toBe(12);
  await expect(shared.add({ path: '/link', readOnly: false })).rejects.toThrow(
    'it is shared read-only already',
  );
});

test.each([
  ['open', ['record /a']],
  ['serve', ['record /a']],
  ['plug', ['end share1', 'record /a']],
  ['guest', ['guest {"kind":"remove","paths":["/b"]}', 'unplug share1', 'end share1', 'record /a']],
])('where %s fails nothing of it stays', async (failing, undone) => {
  const { shared, steps, closed } = setUp({ failing });
  await expect(shared.add({ path: '/b', readOnly: false })).rejects.toThrow(`${failing} failed`);
  const after = steps.slice(steps.findIndex((text) => text.startsWith(failing)) + 1);
  expect([after, closed()]).toEqual([undone, true]);
  expect(paths(shared)).toEqual(['/a']);
});

test('one whose server does not end is not shared, and recorded still', async () => {
  const { shared, steps } = setUp({ guest: () => inUse, failing: 'end' });
  await expect(shared.add({ path: '/b', readOnly: false })).rejects.toMatchObject({
    code: 'BH_SHARE_IN_USE',
  });
  expect(steps.slice(-2)).toEqual(['end share1', 'record /a /b']);
  expect(paths(shared)).toEqual(['/a']);
});

test('one that goes leaves the guest first, then its device, then its server', async () => {
  const { shared, steps } = setUp();
  await shared.add({ path: '/link', readOnly: false });
  await shared.remove('/real');
  expect(steps.slice(6)).toEqual([
    'guest {"kind":"remove","paths":["/link","/real"]}',
    'unplug share1',
    'end share1',
    'record /a',
  ]);
  expect(paths(shared)).toEqual(['/a']);
  await expect(shared.remove('/link')).rejects.toMatchObject({ code: 'BH_SHARE_UNKNOWN' });
});

test('one that the guest says is used stays as it is', async () => {
  const { shared, steps } = setUp({ guest: () => inUse });
  await expect(shared.remove('/a')).rejects.toThrow(/^\/a can't .* container 0123456789ab uses it.*--force/);
  expect(steps).toEqual(['guest {"kind":"remove","paths":["/a"]}']);
  expect(paths(shared)).toEqual(['/a']);
});

const refusal = (code: string, params = {}): (() => unknown) => {
  return () => ({ kind: 'error', code, params });
};
const keeping: [string, () => unknown, string][] = [
  ['that nothing is shared', refusal('BH_SHARE_UNKNOWN', { path: '/a' }), 'answered BH_SHARE_UNKNOWN'],
  ['what a controller says', refusal('BH_INSTANCE_NOT_READY'), 'answered BH_INSTANCE_NOT_READY'],
  ['what stands in its way', refusal('BH_SHARE_NOT_PLACED', { reason: 'busy' }), 'answered "busy"'],
  ['a user of its own making', refusal('BH_SHARE_IN_USE', { user: 'root. It is gone' }), 'BH_SHARE_IN_USE'],
  ['no user', refusal('BH_SHARE_IN_USE'), 'answered BH_SHARE_IN_USE'],
  ['an error there is not', refusal('BH_SHARE_GONE'), 'no answer that makes sense'],
  ['nonsense', () => ({ kind: 'gone' }), 'no answer that makes sense'],
];

test.each(keeping)('a guest that says %s keeps one, and a person is told so', async (_what, guest, told) => {
  const { shared, steps } = setUp({ guest });
  const error = await shared.remove('/a').catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({ code: 'BH_SHARE_HELD' });
  expect(String(error)).toMatch(/\/a is shared still: .*bulkhead share remove --force/);
  expect(String(error)).toContain(told);
  expect([steps.length, paths(shared)]).toEqual([1, ['/a']]);
});

const held: typeof keeping = [...keeping, ['that it is used', () => inUse, ''], ['nothing', never, '']];

test.each(held)(
  'by force it goes from a guest that says %s: its device while its server lives, then that',
  async (_what, guest) => {
    const { shared, steps } = setUp({ guest });
    await shared.remove('/a', true);
    expect(steps).toEqual([
      'guest {"kind":"remove","paths":["/a"],"force":true}',
      'unplug share0',
      'end share0',
      'record ',
    ]);
    expect(paths(shared)).toEqual([]);
    await expect(shared.remove('/a', true)).rejects.toMatchObject({ code: 'BH_SHARE_UNKNOWN' });
  },
);

test('a device that is never let go of keeps no server', async () => {
  const { shared, steps } = setUp({ guest: never, unplugged: never });
  await shared.remove('/a', true);
  expect([steps.slice(1), paths(shared)]).toEqual([['unplug share0', 'end share0', 'record '], []]);
});

test('what is served still is shared still, also by force', async () => {
  const { shared, steps } = setUp({ failing: 'end' });
  for (const force of [true, false]) await expect(shared.remove('/a', force)).rejects.toThrow('end failed');
  expect([paths(shared), steps.at(-1)]).toEqual([['/a'], 'end share0']);
});

test('a guest that keeps the device has no server behind it any more', async () => {
  const { shared, steps } = setUp({ failing: 'unplug' });
  await shared.remove('/a');
  expect(steps.slice(1)).toEqual(['unplug share0', 'end share0', 'record ']);
});

test.each([1, 2])(
  'a directory whose file system does not answer at look %i keeps no other, and what comes of it later is closed',
  async (silent) => {
    const late = Promise.withResolvers<void>();
    let look = 0;
    const looks = async (): Promise<void> => {
      look += 1;
      if (look === silent) await late.promise;
    };
    const { shared, steps, handles, closed } = setUp({ judgeMs: 1000, looks });
    const added = shared.add({ path: '/b', readOnly: false });
    const removed = shared.remove('/a', true);
    await expect(added).rejects.toThrow(/^\/b can't be shared .* has not answered within 1 s/);
    await removed;
    expect([paths(shared), steps.at(-1)]).toEqual([[], 'record ']);
    // Each would take a thread.
    await expect(shared.add({ path: '/c', readOnly: false })).rejects.toThrow(
      'one before it has not answered',
    );
    expect(look).toBe(silent);
    const said = steps.filter((text) => text.startsWith('record') && text.includes('/b')).length;
    late.resolve();
    await expect.poll(() => [handles.length, closed()], { timeout: 20_000 }).toEqual([silent, true]);
    await expect
      .poll(() => shared.add({ path: '/c', readOnly: false }).then(() => paths(shared), String), {
        timeout: 20_000,
      })
      .toEqual(['/c']);
    expect(steps.filter((text) => text.startsWith('record') && text.includes('/b'))).toHaveLength(said);
  },
);

test('a daemon that was started again is told of what it has no list of, and of no other', async () => {
  const { shared, steps } = setUp();
  await shared.tellAgain();
  expect(steps).toEqual([]);
  await shared.add({ path: '/b', readOnly: false });
  steps.length = 0;
  await shared.tellAgain();
  expect(steps).toEqual(['guest {"kind":"add","device":1,"readOnly":false,"paths":["/b"]}']);
});
