import { posix } from 'node:path';
import { foldKey } from '../engine-json.js';
import type { GatePolicy } from '../policy.js';
import type { RequestBody } from '../request-body.js';
import { isInShared, isOfTheVm, type SharedPaths } from '../shared-paths.js';
import { isSocketName, socketNames } from './socket-source.js';

/** Where a person's own daemons have their sockets (XDG Base Directory Specification), though it begins like a directory of the VM. */
const ownRuntime = '/run/user/';

/**
 * POST /containers/create: gives the Docker socket one name. A client on the developer's machine knows it by the path it has there, and binds that:
 * `docker run --use-api-socket` and testcontainers do. What it gets is decided as for the usual name, so it does no harm to take any `docker.sock` that
 * is neither shared nor the VM's for it.
 *
 * Throws `BH_GATE_BODY` for one that has no HostConfig.
 */
export function nameSocket(body: RequestBody, { shared }: Pick<GatePolicy, 'shared'>): void {
  const [name = ''] = socketNames;
  const binds = body.hostConfig('Binds');
  if (Array.isArray(binds) && binds.some((bind) => isHostSocket(sourceOf(bind), shared)))
    body.setHostConfig(
      'Binds',
      binds.map((bind: unknown) =>
        isHostSocket(sourceOf(bind), shared) ? `${name}${String(bind).slice(sourceOf(bind).length)}` : bind,
      ),
    );
  const mounts = body.hostConfig('Mounts');
  if (Array.isArray(mounts) && mounts.some((mount) => isHostSocket(mountSource(mount), shared)))
    body.setHostConfig(
      'Mounts',
      mounts.map((mount: unknown) =>
        isHostSocket(mountSource(mount), shared) ? withSource(mount, name) : mount,
      ),
    );
}

function isHostSocket(source: string, shared: SharedPaths): boolean {
  const path = posix.normalize(source);
  return (
    path.startsWith('/') &&
    posix.basename(path) === 'docker.sock' &&
    (!isOfTheVm(path) || path.startsWith(ownRuntime)) &&
    !isSocketName(path) &&
    !isInShared(path, shared)
  );
}

function sourceOf(bind: unknown): string {
  return typeof bind === 'string' ? (bind.split(':')[0] ?? '') : '';
}

/** Of a bind; a volume has a name there. */
function mountSource(mount: unknown): string {
  const fields = new Map(entriesOf(mount).map(([key, value]) => [foldKey(key), value]));
  const source = fields.get('source');
  return fields.get('type') === 'bind' && typeof source === 'string' ? source : '';
}

function withSource(mount: unknown, source: string): object {
  return Object.fromEntries(
    entriesOf(mount).map(([key, value]) => [key, foldKey(key) === 'source' ? source : value]),
  );
}

function entriesOf(value: unknown): [string, unknown][] {
  return typeof value === 'object' && value !== null ? Object.entries(value) : [];
}
