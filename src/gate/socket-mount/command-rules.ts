import type { ListedCommand } from '../../common/docker-commands.js';
import type { OperationId } from '../operations.js';
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
  const denied = new Set(commands.flatMap((command) => commandTable[command].denies));
  return new Set([...alwaysAllowed, ...commandOperations].filter((operation) => !denied.has(operation)));
}

/** Whether whoever has `wide` could give whoever has `narrow` nothing new. */
export function isWithin(narrow: PermittedOperations, wide: PermittedOperations): boolean {
  return [...narrow].every((operation) => wide.has(operation));
}

/**
 * What a request asks for, as the table counts it. POST /images/create is two commands: dockerd pulls where `fromImage` is not empty, and
 * imports otherwise. Where it is given twice either may be meant, so both count.
 *
 * @param query of the request, without the question mark.
 */
export function operationsOf(id: OperationId, query: string | undefined): readonly CommandOperation[] {
  if (id !== 'ImageCreate') return [id];
  const images = new URLSearchParams(`?${query ?? ''}`).getAll('fromImage');
  const asked: CommandOperation[] = [];
  if (images.some((image) => image !== '')) asked.push('ImagePull');
  if (images.length === 0 || images.includes('')) asked.push('ImageImport');
  return asked;
}
