import { expect, test } from 'vitest';
import { type ContainerTraces, dockerRuntimeRoot, fingerprint, whyAbandoned } from './abandoned.js';

const since = { engineSince: 500, servicesSince: 1000 };
const old = { pid: 7, startTime: '999' };
const young = { pid: 8, startTime: '1000' };

function traces(some: Partial<ContainerTraces> = {}): ContainerTraces {
  return {
    runtimeRoot: dockerRuntimeRoot,
    containerId: 'a',
    shims: [old],
    creators: [old],
    creatorLives: false,
    busy: false,
    left: [{ kind: 'state', inode: 1 }],
    ...some,
  };
}

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
  ['it was asked for again since the services started', 'not running', { creators: [old, young] }, false],
  ['nobody knows how old it is', 'not running', { shims: [], creators: [] }, false],
  ['runc works on it', 'unknown', { busy: true }, false],
  ['runc still makes it', 'unknown', { creatorLives: true }, false],
] as const)('%s (%s)', (_what, says, some, abandoned) => {
  const reason = whyAbandoned(traces(some), { engineSays: () => says, ...since });
  expect(reason !== undefined).toBe(abandoned);
});

test.each([
  ['whose runc run lives', '501', true, false],
  ['whose runc run lives and is older than dockerd', '499', true, true],
  ['whose runc run is dead', '501', false, true],
] as const)('a build step %s, which Docker never knows', (_what, startTime, creatorLives, abandoned) => {
  const creators = [{ pid: 9, startTime }];
  const step = traces({ runtimeRoot: '/run/runc', shims: [], creators, creatorLives });
  const reason = whyAbandoned(step, { engineSays: () => 'unknown', ...since });
  expect(reason !== undefined).toBe(abandoned);
});

test('of another runtime root nobody knows what belongs there', () => {
  const foreign = traces({ runtimeRoot: '/run/docker/runtime-runc/plugins.moby' });
  expect(whyAbandoned(foreign, { engineSays: () => 'unknown', ...since })).toBeUndefined();
});

test('what happens to a container changes its fingerprint', () => {
  const prints = [
    traces(),
    traces({ shims: [young] }),
    traces({ creators: [old, young] }),
    traces({ left: [] }),
    traces({ left: [{ kind: 'state', inode: 2 }] }),
  ];
  expect(new Set(prints.map((some) => fingerprint(some))).size).toBe(prints.length);
  expect(fingerprint(traces())).toBe(fingerprint(traces()));
});
