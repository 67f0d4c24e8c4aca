import { expect, test } from 'vitest';
import { fingerprint, whyAbandoned } from './abandoned.js';
import { oldProcess, tracesOf } from './traces.test-support.js';

const since = { engineSince: 500, servicesSince: 1000 };
const young = { pid: 8, startTime: '1000' };

test.each([
  ['Docker does not know it', 'unknown', {}, true],
  [
    'Docker does not know it, and nothing of it but a directory is left',
    'unknown',
    { shims: [], creators: [] },
    true,
  ],
  ['Docker does not know it, however young it is', 'unknown', { shims: [young] }, true],
  ['Docker runs it', 'running', {}, false],
  ['all of it is older than the services, and Docker says that it does not run', 'not running', {}, true],
  [
    'Docker does not run it yet, and its shim is younger than the services',
    'not running',
    { shims: [young] },
    false,
  ],
  [
    'it was asked for again since the services started',
    'not running',
    { creators: [oldProcess, young] },
    false,
  ],
  ['nobody knows how old it is', 'not running', { shims: [], creators: [] }, false],
  ['runc works on it', 'unknown', { busy: true }, false],
  ['runc still makes it', 'unknown', { creatorLives: true }, false],
] as const)('%s (%s)', (_what, says, some, abandoned) => {
  const reason = whyAbandoned(tracesOf('a', some), { engineSays: () => says, ...since });
  expect(reason !== undefined).toBe(abandoned);
});

test.each([
  ['whose runc run lives', '501', true, false],
  ['whose runc run lives and is older than dockerd', '499', true, true],
  ['whose runc run is dead', '501', false, true],
] as const)('a build step %s, which Docker never knows', (_what, startTime, creatorLives, abandoned) => {
  const creators = [{ pid: 9, startTime }];
  const step = tracesOf('a', { runtimeRoot: '/run/runc', shims: [], creators, creatorLives });
  const reason = whyAbandoned(step, { engineSays: () => 'unknown', ...since });
  expect(reason !== undefined).toBe(abandoned);
});

test('of another runtime root nobody knows what belongs there', () => {
  const foreign = tracesOf('a', { runtimeRoot: '/run/docker/runtime-runc/plugins.moby' });
  expect(whyAbandoned(foreign, { engineSays: () => 'unknown', ...since })).toBeUndefined();
});

test('what happens to a container changes its fingerprint', () => {
  const prints = [
    tracesOf('a'),
    tracesOf('a', { shims: [young] }),
    tracesOf('a', { creators: [oldProcess, young] }),
    tracesOf('a', { left: [] }),
    tracesOf('a', { left: [{ kind: 'state', inode: 2 }] }),
  ];
  expect(new Set(prints.map((some) => fingerprint(some))).size).toBe(prints.length);
  expect(fingerprint(tracesOf('a'))).toBe(fingerprint(tracesOf('a')));
});
