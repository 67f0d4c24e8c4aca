import { expect, test } from 'vitest';
import type { ShareChange } from '../../common/share-change.js';
import { never, paths, setUp } from './shared-now.test-support.js';

/** Longer than any test may take. */
const patient = { answerMs: 60_000, unplugMs: 60_000 };
const toldOf = (path: string, device: number): string =>
  `guest {"kind":"add","device":${device},"readOnly":false,"paths":["${path}"]}`;
const done = { kind: 'done' };
/** Once nothing but `/a` is left, which goes. */
const onlyOneGoneByForce = [
  'record /a',
  'guest {"kind":"remove","paths":["/a"],"force":true}',
  'unplug share0',
  'end share0',
  'record ',
];

/** A VM with directories that came while it ran, whose guest then answers nothing but what is said by force, until it is awake. */
async function setUpSilent(names: readonly string[], parts: Parameters<typeof setUp>[0] = {}) {
  let silent = false;
  const guest = (change: ShareChange): unknown => (silent && !('force' in change) ? never() : done);
  const vm = setUp({ guest, patient, ...parts });
  for (const path of names) await vm.shared.add({ path, readOnly: false });
  vm.steps.length = 0;
  silent = true;
  const awake = (): void => {
    silent = false;
  };
  const asked = async (): Promise<void> => {
    await expect.poll(() => vm.steps.some((step) => step.startsWith('guest'))).toBe(true);
  };
  return { ...vm, awake, asked };
}

test('by force one goes at once while the guest is told of many others, and it is told of them afterwards', async () => {
  const { shared, steps, awake, asked } = await setUpSilent(['/b', '/c', '/d', '/e', '/f']);
  const telling = shared.tellAgain();
  await asked();
  const others = shared.add({ path: '/g', readOnly: false });
  const gone = shared.remove('/f', true);
  awake();
  await gone;
  expect(steps).toEqual([
    toldOf('/b', 1),
    'guest {"kind":"remove","paths":["/f"],"force":true}',
    'unplug share5',
    'end share5',
    expect.stringMatching(/^record \/a \/b \/c.* \/d \/e$/),
  ]);
  await telling;
  await others;
  const rest = [toldOf('/b', 1), toldOf('/c', 2), toldOf('/d', 3), toldOf('/e', 4)];
  await expect.poll(() => steps.slice(-4)).toEqual(rest);
  expect(paths(shared)).toEqual(['/a', '/b', '/c', '/d', '/e', '/g']);
});

test('however many sessions a guest begins, it is told once more, and within one deadline', async () => {
  const { shared, steps, awake, asked } = await setUpSilent(['/b', '/c'], {
    patient: { answerMs: 20, unplugMs: 20 },
  });
  void shared.tellAgain();
  await asked();
  await Promise.all(Array.from({ length: 20 }, () => shared.tellAgain()));
  expect(steps).toEqual([toldOf('/b', 1), toldOf('/b', 1)]);
  awake();
  await shared.tellAgain();
  expect(steps.slice(2)).toEqual([toldOf('/b', 1), toldOf('/c', 2)]);
});

test('a session that begins while the guest is told of what it lacks has it told again', async () => {
  const answers: PromiseWithResolvers<unknown>[] = [];
  const guest = (): unknown => {
    answers.push(Promise.withResolvers());
    return answers.length === 1 ? done : answers.at(-1)?.promise;
  };
  const { shared, steps } = setUp({ guest, patient });
  await shared.add({ path: '/b', readOnly: false });
  const first = shared.tellAgain();
  await expect.poll(() => answers.length).toBe(2);
  const again = [shared.tellAgain(), shared.tellAgain()];
  answers[1]?.resolve(done);
  await first;
  await expect.poll(() => answers.length).toBe(3);
  answers[2]?.resolve(done);
  await Promise.all(again);
  expect(steps.slice(-3)).toEqual(Array.from({ length: 3 }, () => toldOf('/b', 1)));
});

test('a directory that is on its way is given up for one that goes by force: nothing of it stays', async () => {
  const { shared, steps, asked, closed } = await setUpSilent([]);
  const coming = shared.add({ path: '/b', readOnly: false }).catch((error: unknown) => error);
  await asked();
  await shared.remove('/a', true);
  expect(await coming).toMatchObject({ code: 'BH_SHARE_NOT_PLACED', params: { path: '/b' } });
  expect(String(await coming)).toContain('the VM had not answered when a directory was taken away by force');
  expect(steps.slice(steps.indexOf(toldOf('/b', 1)) + 1)).toEqual([
    'guest {"kind":"remove","paths":["/b"]}',
    'unplug share1',
    'end share1',
    ...onlyOneGoneByForce,
  ]);
  expect([paths(shared), closed()]).toEqual([[], true]);
});

test('one that is judged while another goes by force gets no server', async () => {
  const judged = Promise.withResolvers<void>();
  const { shared, steps, closed } = setUp({ looks: () => judged.promise, patient });
  const coming = shared.add({ path: '/b', readOnly: false }).catch((error: unknown) => error);
  await expect.poll(() => steps).toEqual(['open /b beside /a /fs/a']);
  const gone = shared.remove('/a', true);
  judged.resolve();
  await gone;
  expect(await coming).toMatchObject({ code: 'BH_SHARE_NOT_PLACED', params: { path: '/b' } });
  expect([steps.filter((step) => step.startsWith('serve')), closed()]).toEqual([[], true]);
});

test('one that the guest was asked for is shared still when another goes by force, and who asked is told so', async () => {
  const { shared, steps, awake, asked } = await setUpSilent(['/b']);
  const going = shared.remove('/b').catch((error: unknown) => error);
  await asked();
  const gone = shared.remove('/a', true);
  awake();
  await gone;
  expect(await going).toMatchObject({ code: 'BH_SHARE_HELD', params: { path: '/b' } });
  expect(String(await going)).toContain('had not answered when a directory was taken away by force');
  expect(paths(shared)).toEqual(['/b']);
  await expect.poll(() => steps.at(-1)).toBe(toldOf('/b', 1));
});

test('a device the guest keeps does not hold up one that goes by force', async () => {
  const { shared, steps } = await setUpSilent(['/b'], { guest: () => done, unplugged: never });
  const going = shared.remove('/b');
  await expect.poll(() => steps.at(-1)).toBe('unplug share1');
  await shared.remove('/a', true);
  await going;
  expect(steps.slice(2)).toEqual(['end share1', ...onlyOneGoneByForce]);
});

test('a guest that was too slow to let go of one is told of it anew, for it may have forgotten it meanwhile', async () => {
  const { shared, steps, awake } = await setUpSilent([], { patient: { answerMs: 20, unplugMs: 20 } });
  const error = await shared.remove('/a').catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({
    code: 'BH_SHARE_HELD',
    params: { path: '/a', answer: 'has not answered within 0.02 s' },
  });
  expect([steps[0], paths(shared)]).toEqual(['guest {"kind":"remove","paths":["/a"]}', ['/a']]);
  await expect.poll(() => steps.slice(1)).toEqual([toldOf('/a', 0)]);
  // It has not answered that either: who shares it once more has it told, and nobody after that.
  await expect(shared.add({ path: '/a', readOnly: false })).rejects.toThrow(
    'the VM has not answered within 0.02 s',
  );
  awake();
  for (let times = 0; times < 2; times += 1) await shared.add({ path: '/a', readOnly: false });
  expect(steps.slice(2)).toEqual([toldOf('/a', 0), toldOf('/a', 0)]);
});
