import type { ListedCommand } from '../../common/docker-commands.js';
import { readImageCreate } from '../image-create.js';
import type { OperationId } from '../operations.js';
import { queryValues } from '../query.js';
import { alwaysAllowed, type CommandOperation, commandOperations, commandTable } from './command-table.js';

/** `commandList` of a policy. */
export interface CommandList {
  /** `deny`: all but these are served; `allow`: none but these. */
  readonly type: 'deny' | 'allow';
  readonly commands: readonly ListedCommand[];
}

/** What a container may ask the engine for. */
export type PermittedOperations = ReadonlySet<CommandOperation>;

/** @param list undefined where the policy has none: every command is served. */
export function permittedOperations(list: CommandList | undefined): PermittedOperations {
  const { type, commands } = list ?? { type: 'deny', commands: [] };
  if (type === 'allow') {
    const allowed = commands.flatMap((command) => {
      const { denies, needs = [] } = commandTable[command];
      return [...denies, ...needs];
    });
    return new Set([...alwaysAllowed, ...allowed]);
  }
  const denied = new Set(
    commands.flatMap((command) => {
      const { denies, alike = [] } = commandTable[command];
      return [...denies, ...alike];
    }),
  );
  return new Set([...alwaysAllowed, ...commandOperations].filter((operation) => !denied.has(operation)));
}

/** Whether whoever has `wide` could give whoever has `narrow` nothing new. */
export function isWithin(narrow: PermittedOperations, wide: PermittedOperations): boolean {
  return [...narrow].every((operation) => wide.has(operation));
}

/**
 * What a request asks for, as the table counts it: all that its query makes of it as well. Where a parameter is given twice either may be meant, so
 * both count. Threat: a command that is denied is asked for with the parameters of another one.
 *
 * @param query of the request, without the question mark.
 */
export function operationsOf(id: OperationId, query: string | undefined): readonly CommandOperation[] {
  const values = (name: string): string[] => queryValues(query, name);
  if (id === 'ImageCreate') {
    const { pulls, imports } = readImageCreate(query);
    return [...(pulls ? (['ImagePull'] as const) : []), ...(imports ? (['ImageImport'] as const) : [])];
  }
  if (id === 'ContainerAttach' || id === 'ContainerAttachWebsocket')
    return values('logs').every(isFalse) ? [id] : [id, 'ContainerLogs'];
  if (id === 'ContainerDelete') return values('force').every(isFalse) ? [id] : [id, 'ContainerForceDelete'];
  if (id === 'ContainerRestart' || id === 'ContainerStop') {
    const kills =
      // With a signal of the client's choice, or with none but SIGKILL.
      values('signal').some((signal) => signal !== '') ||
      values('t').some((seconds) => seconds !== '' && Number(seconds) === 0);
    return kills ? [id, 'ContainerKill'] : [id];
  }
  return [id];
}

/** As dockerd reads it (httputils, BoolValue). */
function isFalse(value: string): boolean {
  return ['', '0', 'no', 'false', 'none'].includes(value.trim().toLowerCase());
}
