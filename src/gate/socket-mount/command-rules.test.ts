import { describe, expect, test } from 'vitest';
import { isWithin, operationsOf, permittedOperations } from './command-rules.js';
import { alwaysAllowed, commandOperations } from './command-table.js';

describe('permittedOperations', () => {
  test('without a list every command is served', () => {
    expect(permittedOperations(undefined)).toEqual(new Set([...alwaysAllowed, ...commandOperations]));
  });

  test('E12: a denied command is not, and all others are', () => {
    const permitted = permittedOperations({ type: 'deny', commands: ['push', 'build*'] });
    for (const operation of ['ImagePush', 'ImageBuild', 'Session', 'Grpc', 'BuildPrune'] as const)
      expect([operation, permitted.has(operation)]).toEqual([operation, false]);
    expect(permitted.size).toBe(alwaysAllowed.length + commandOperations.size - 6);
  });

  test('E14: where commands are allowed, what is not listed is not served', () => {
    expect(permittedOperations({ type: 'allow', commands: ['ps'] })).toEqual(
      new Set([...alwaysAllowed, 'ContainerList']),
    );
    const run = permittedOperations({ type: 'allow', commands: ['run'] });
    expect((['ContainerCreate', 'ContainerStart', 'ContainerWait'] as const).every((id) => run.has(id))).toBe(
      true,
    );
    expect(run.has('ImagePull')).toBe(false);
  });

  test('nothing takes away the question whether an engine is there', () => {
    expect(permittedOperations({ type: 'allow', commands: [] })).toEqual(new Set(alwaysAllowed));
    expect(permittedOperations({ type: 'deny', commands: ['system*'] }).has('SystemPing')).toBe(true);
  });
});

test('isWithin', () => {
  expect(isWithin(new Set(['ImagePull']), new Set(['ImagePull', 'ImagePush']))).toBe(true);
  expect(isWithin(new Set(['ImagePull', 'ImageTag']), new Set(['ImagePull', 'ImagePush']))).toBe(false);
});

test.each([
  ['fromImage=x&tag=latest', ['ImagePull']],
  ['fromSrc=-', ['ImageImport']],
  ['fromImage=', ['ImageImport']],
  ['fromImage=&fromImage=x', ['ImagePull', 'ImageImport']],
  ['fromImage=x&fromSrc=-', ['ImagePull', 'ImageImport']],
  [undefined, ['ImageImport']],
])('POST /images/create?%s', (query, operations) => {
  expect(operationsOf('ImageCreate', query)).toEqual(operations);
  expect(operationsOf('ImagePush', query)).toEqual(['ImagePush']);
});

test.each([
  ['start', 'ContainerRestart'],
  ['stop', 'ContainerKill'],
  ['stop', 'ContainerForceDelete'],
  ['kill', 'ContainerForceDelete'],
  ['cp', 'ContainerExport'],
  ['rm', 'ContainerPrune'],
  ['rmi', 'ImagePrune'],
  ['export', 'ContainerArchive'],
  ['ps', 'SystemDataUsage'],
  ['images', 'SystemDataUsage'],
  ['volume*', 'SystemDataUsage'],
] as const)('who is denied %s is denied %s, and who is allowed it does not get that', (command, alike) => {
  expect(permittedOperations({ type: 'deny', commands: [command] }).has(alike)).toBe(false);
  expect(permittedOperations({ type: 'allow', commands: [command] }).has(alike)).toBe(false);
});

test('docker system prune is all prunes', () => {
  const prunes = ['BuildPrune', 'ContainerPrune', 'ImagePrune', 'NetworkPrune', 'VolumePrune'] as const;
  for (const command of ['system', 'system*'] as const)
    for (const type of ['deny', 'allow'] as const) {
      const permitted = permittedOperations({ type, commands: [command] });
      expect(prunes.map((id) => permitted.has(id))).toEqual(prunes.map(() => type === 'allow'));
    }
});

test.each([
  ['ContainerAttach', 'stream=1&stdout=1', ['ContainerAttach']],
  ['ContainerAttach', 'logs=0&logs=', ['ContainerAttach']],
  ['ContainerAttach', 'logs=1', ['ContainerAttach', 'ContainerLogs']],
  ['ContainerAttachWebsocket', 'logs=no&logs=%20TRUE', ['ContainerAttachWebsocket', 'ContainerLogs']],
  ['ContainerDelete', 'v=1&force=0', ['ContainerDelete']],
  ['ContainerDelete', 'force=&force=1', ['ContainerDelete', 'ContainerForceDelete']],
  ['ContainerStop', undefined, ['ContainerStop']],
  ['ContainerStop', 't=10&signal=', ['ContainerStop']],
  ['ContainerStop', 't=0', ['ContainerStop', 'ContainerKill']],
  ['ContainerStop', 't=-00', ['ContainerStop', 'ContainerKill']],
  ['ContainerRestart', 'signal=SIGKILL', ['ContainerRestart', 'ContainerKill']],
] as const)('%s?%s asks for %j', (id, query, operations) => {
  expect(operationsOf(id, query)).toEqual(operations);
});
