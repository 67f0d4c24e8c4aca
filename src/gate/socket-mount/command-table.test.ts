import { expect, test } from 'vitest';
import { clientCommands, commandGroups, engineCommands } from '../../common/docker-commands.js';
import { operationTable } from '../operation-table.js';
import { operationsOf } from './command-rules.js';
import { alwaysAllowed, commandTable, neverServed } from './command-table.js';

const served = new Set(
  operationTable.flatMap(([id]) =>
    ['fromImage=x', 'fromSrc=-', 'force=1'].flatMap((query) => operationsOf(id, query)),
  ),
);

test('every operation of the engine can be denied by a command, or is in one of two lists', () => {
  const denied = new Set(Object.values(commandTable).flatMap(({ denies }) => denies));
  expect([...denied].filter((id) => !served.has(id))).toEqual([]);
  const others = [...served].filter((id) => !denied.has(id));
  expect(others.toSorted()).toEqual([...alwaysAllowed, ...neverServed].toSorted());
});

test('what a command denies besides its own is the own of another one', () => {
  const owned = new Set(Object.values(commandTable).flatMap(({ denies }) => denies));
  for (const { denies, alike = [] } of Object.values(commandTable))
    for (const id of alike) expect([id, owned.has(id), denies.includes(id)]).toEqual([id, true, false]);
});

test('whoever may not build has no other way to BuildKit', () => {
  const builds = Object.values(commandTable).filter(({ denies }) => denies.includes('ImageBuild'));
  expect(builds.length).toBeGreaterThan(3);
  for (const { denies } of builds) expect(denies).toEqual(expect.arrayContaining(['Session', 'Grpc']));
});

test('what is never served is closed to everybody', () => {
  const closed = operationTable.flatMap(([id, , , why]) => (why === undefined ? [] : [id]));
  expect(neverServed.filter((id) => !closed.some((other) => other === id))).toEqual([]);
});

test('every command but those of the client alone does something, and groups all that begins like them', () => {
  for (const command of [...engineCommands, ...commandGroups])
    expect([command, commandTable[command].denies.length > 0]).toEqual([command, true]);
  for (const command of clientCommands) expect(commandTable[command]).toEqual({ denies: [] });
  for (const [group, prefix] of [
    ['container*', 'Container'],
    ['network*', 'Network'],
    ['volume*', 'Volume'],
    ['system*', 'System'],
    ['image*', 'Image'],
  ] as const) {
    const missing = [...served]
      .filter((id) => id.startsWith(prefix) && !alwaysAllowed.some((other) => other === id))
      .filter((id) => !commandTable[group].denies.some((other) => other === id));
    expect([group, missing]).toEqual([group, group === 'image*' ? ['ImageCommit'] : []]);
  }
});
