import { BulkheadError } from '../common/errors/bulkhead-error.js';
import { checkEndpoints } from './endpoint-options.js';
import { refusePrivileged } from './exec-create.js';
import type { EngineJson } from './engine-json.js';
import { arrayAt, asObject, objectAt, textAt } from './fields.js';
import { checkJoins } from './joined-network.js';
import { checkLogFiles } from './log-files.js';
import { checkLogTag } from './log-tag.js';
import type { GatePolicy } from './policy.js';
import { checkPortBindings } from './port-bindings.js';
import { checkSource, type SharedPaths } from './shared-paths.js';
import { deniedBecause, shownImage } from './socket-mount/decide-image.js';
import { isSocketName } from './socket-mount/socket-source.js';
import { checkVolumeOptions } from './volume-create.js';

/** Log drivers that write where the engine keeps the container's own files. */
const logDrivers = new Set(['', 'json-file', 'local', 'none']);

/**
 * POST /containers/create. Threat: dockerd, as root of the VM, follows bind sources itself, before and without a container being
 * started: it makes missing ones, copies through them for `docker cp`, and fills new volumes. The front door never hears of that.
 * A log driver with an address writes chosen bytes to any socket. On cgroup v1 the specification of a container that asks for the
 * host's cgroup namespace is that of any other, which gets one of its own: only here can it be said that it is refused.
 *
 * Throws a `BH_GATE_…` refusal.
 */
export function checkContainerCreate(body: EngineJson, policy: GatePolicy): void {
  const { shared } = policy;
  const container = asObject(body, 'the body');
  checkEndpoints(container);
  const hostConfig = objectAt(container, 'hostconfig');
  refusePrivileged(hostConfig, policy);
  const checkBound = (source: string): void => {
    if (isSocketName(source)) checkSocket(textAt(container, 'image'), policy);
    else checkSource(source, shared);
  };
  for (const bind of arrayAt(hostConfig, 'binds')) checkBind(bind, checkBound);
  for (const mount of arrayAt(hostConfig, 'mounts'))
    checkMount(asObject(mount, 'mounts'), checkBound, shared);
  checkPortBindings(hostConfig, policy);
  checkJoins(hostConfig);
  if (textAt(hostConfig, 'cgroupnsmode') === 'host') throw new BulkheadError('BH_GATE_HOST_CGROUPS');
  const volumeDriver = textAt(hostConfig, 'volumedriver');
  if (volumeDriver !== '' && volumeDriver !== 'local') refuseVolume(`the volume driver ${volumeDriver}`);
  const log = objectAt(hostConfig, 'logconfig');
  const driver = textAt(log, 'type');
  if (!logDrivers.has(driver)) throw new BulkheadError('BH_GATE_LOG_DRIVER', { driver });
  const options = objectAt(log, 'config');
  checkLogTag(textAt(options, 'tag'));
  checkLogFiles(textAt(options, 'max-file'));
}

/** `source:destination[:options]`, `destination` alone, or `volume:destination`. Only a path begins with a slash or a dot. */
function checkBind(bind: EngineJson, checkBound: (source: string) => void): void {
  if (typeof bind !== 'string') throw new BulkheadError('BH_GATE_BODY', { reason: 'a bind is not a string' });
  const [source = '', ...rest] = bind.split(':');
  if (rest.length === 0) return;
  if (!/^[a-zA-Z0-9][\w.-]*$/.test(source)) checkBound(source);
}

function checkMount(
  mount: ReadonlyMap<string, EngineJson>,
  checkBound: (source: string) => void,
  shared: SharedPaths,
): void {
  const type = textAt(mount, 'type');
  const source = textAt(mount, 'source');
  switch (type) {
    case 'volume': {
      const config = objectAt(objectAt(mount, 'volumeoptions'), 'driverconfig');
      const driver = textAt(config, 'name');
      if (driver !== '' && driver !== 'local') refuseVolume(`the volume driver ${driver}`);
      checkVolumeOptions(objectAt(config, 'options'), shared);
      if (/[/\\]/.test(source)) throw new BulkheadError('BH_GATE_MOUNT', { source });
      return;
    }
    case 'tmpfs':
    case 'image':
      return;
    case 'bind':
      checkBound(source);
      return;
    default:
      throw new BulkheadError('BH_GATE_MOUNT', {
        source: source === '' ? `a mount of type ${type}` : source,
      });
  }
}

/** Where nobody may have the Docker socket, that is all there is to know; otherwise the image decides, once it is found. */
function checkSocket(image: string, { contact, dockerSocket }: GatePolicy): void {
  if (dockerSocket) return;
  throw new BulkheadError('BH_GATE_SOCKET', {
    image: shownImage(image),
    because: deniedBecause({ kind: 'denied', reason: 'empty' }),
    contact,
  });
}

function refuseVolume(option: string): never {
  throw new BulkheadError('BH_GATE_VOLUME', { option });
}
