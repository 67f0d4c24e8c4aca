import type { ContainerRequest, StagedCommand } from './planner.js';
import { parseProcessStat } from './proc-stat.js';
import { protocolError, textOf } from './wire.js';

const protocolVersion = '1';
const stagedCommands: readonly StagedCommand[] = ['create', 'run', 'restore'];

/**
 * Reads the first message of a front door.
 *
 * @throws BulkheadError `BH_RUNTIME_PROTOCOL`.
 */
export function decodeHello(message: readonly Buffer[]): ContainerRequest {
  const [verb, version, command, root, id, bundle, stat, config] = message.map((field, index) =>
    textOf(field, `field ${index} of hello`),
  );
  if (verb !== 'hello') throw protocolError('"hello" was expected');
  if (version !== protocolVersion)
    throw protocolError(`protocol version ${version ?? 'none'} was expected to be ${protocolVersion}`);
  const known = stagedCommands.find((staged) => staged === command);
  const creator = parseProcessStat(stat ?? '');
  if (message.length !== 8 || known === undefined || creator === undefined || config === undefined)
    throw protocolError('hello is malformed');
  return {
    command: known,
    runtimeRoot: absolute(root, 'the runtime root'),
    containerId: containerId(id),
    bundle: absolute(bundle, 'the bundle'),
    creator,
    config,
  };
}

function absolute(path: string | undefined, name: string): string {
  if (path === undefined || !path.startsWith('/') || path.includes('\0'))
    throw protocolError(`${name} is not an absolute path`);
  return path;
}

/** The id becomes the name of a directory below the runtime root, so it must name one entry of it. */
function containerId(id: string | undefined): string {
  if (id === undefined || !/^[\w+.-]{1,255}$/.test(id) || id === '.' || id === '..')
    throw protocolError('the container id is not valid');
  return id;
}
