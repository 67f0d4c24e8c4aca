import { posix } from 'node:path';
import { BulkheadError } from '../common/errors/bulkhead-error.js';
import type { EngineJson } from './engine-json.js';
import { arrayAt, asObject, objectAt, textAt } from './fields.js';
import { checkLogTag } from './log-tag.js';
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
export function checkContainerCreate(body: EngineJson): void {
  const hostConfig = objectAt(asObject(body, 'the body'), 'hostconfig');
  for (const bind of arrayAt(hostConfig, 'binds')) checkBind(bind);
  for (const mount of arrayAt(hostConfig, 'mounts')) checkMount(asObject(mount, 'mounts'));
  if (textAt(hostConfig, 'cgroupnsmode') === 'host') throw new BulkheadError('BH_GATE_HOST_CGROUPS');
  const volumeDriver = textAt(hostConfig, 'volumedriver');
  if (volumeDriver !== '' && volumeDriver !== 'local') refuseVolume(`the volume driver ${volumeDriver}`);
  const log = objectAt(hostConfig, 'logconfig');
  const driver = textAt(log, 'type');
  if (!logDrivers.has(driver)) throw new BulkheadError('BH_GATE_LOG_DRIVER', { driver });
  checkLogTag(textAt(objectAt(log, 'config'), 'tag'));
}

/** `source:destination[:options]`, `destination` alone, or `volume:destination`. Only a path begins with a slash or a dot. */
function checkBind(bind: EngineJson): void {
  if (typeof bind !== 'string') throw new BulkheadError('BH_GATE_BODY', { reason: 'a bind is not a string' });
  const [source = '', ...rest] = bind.split(':');
  if (rest.length === 0) return;
  if (!/^[a-zA-Z0-9][\w.-]*$/.test(source)) refuseSource(source);
}

function checkMount(mount: ReadonlyMap<string, EngineJson>): void {
  const type = textAt(mount, 'type');
  const source = textAt(mount, 'source');
  switch (type) {
    case 'volume': {
      const config = objectAt(objectAt(mount, 'volumeoptions'), 'driverconfig');
      const driver = textAt(config, 'name');
      if (driver !== '' && driver !== 'local') refuseVolume(`the volume driver ${driver}`);
      checkVolumeOptions(objectAt(config, 'options'));
      if (/[/\\]/.test(source)) refuseSource(source);
      return;
    }
    case 'tmpfs':
    case 'image':
      return;
    default:
      refuseSource(source === '' ? `a mount of type ${type}` : source);
  }
}

/** The directories of the VM's root that hold something; `/root` and `/tmp` are names a person's own files may have as well. */
const ofTheVm =
  /^\/(?:(?:bin|boot|dev|etc|lib(?:\d\d|x32)?|proc|run|sbin|sys|usr|var)(?:\/.*)?|(?:root|tmp)\/?)?$/;

/**
 * Refused either way, in two texts Docker documents: one for what lies in the VM, one for everything else, which a person means to be on
 * their own machine.
 */
function refuseSource(source: string): never {
  const code =
    source.startsWith('/') && !ofTheVm.test(posix.normalize(source)) ? 'BH_GATE_NOT_SHARED' : 'BH_GATE_MOUNT';
  throw new BulkheadError(code, { source });
}

function refuseVolume(option: string): never {
  throw new BulkheadError('BH_GATE_VOLUME', { option });
}
