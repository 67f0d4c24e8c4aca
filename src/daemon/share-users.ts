import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { parseMountInfo } from '../common/mountinfo.js';

/** What the processes of one mount namespace see. */
export interface MountView {
  /** Lines of /proc/PID/mountinfo. */
  readonly mounts: readonly string[];
  /** Whether it is one of the engine's own, where a share has its place: containers have user namespaces of their own. */
  readonly ofEngine: boolean;
  /** Id of the container it is of, as far as the cgroup tells. */
  readonly container: string | undefined;
}

/**
 * Who has a mount of one of these file systems beside those at the places they are shared at: a container, a volume of dockerd's, or a front door on its way to one. In a
 * container's own view any mount of it is a use, at whatever path. Undefined where nobody has. Pure.
 *
 * @param places device (`major:minor`) and path of what is to be taken away.
 */
export function userOfShares(
  places: readonly { readonly device: string; readonly path: string }[],
  views: Iterable<MountView>,
): string | undefined {
  const devices = new Set(places.map(({ device }) => device));
  const paths = new Set(places.map(({ path }) => path));
  for (const { mounts, ofEngine, container } of views) {
    const used = mounts.some((line) => {
      if (!devices.has(line.split(' ')[2] ?? '')) return false;
      return !ofEngine || !paths.has(parseMountInfo(line)?.mountPoint ?? '');
    });
    if (used) return container === undefined ? 'the engine' : `container ${container.slice(0, 12)}`;
  }
  return undefined;
}

/** The view of each mount namespace that a process is in. What ends while it is looked at has no view any more; others in its namespace have. */
export function* mountViews(proc = '/proc'): Generator<MountView> {
  const seen = new Set<string>();
  const own = readlinkSync(`${proc}/self/ns/user`);
  for (const pid of readdirSync(proc).filter((name) => /^\d+$/.test(name))) {
    const view = viewOf(`${proc}/${pid}`, seen, own);
    if (view !== undefined) yield view;
  }
}

function viewOf(process: string, seen: Set<string>, own: string): MountView | undefined {
  try {
    const namespaces = ['mnt', 'user'].map((kind) => readlinkSync(`${process}/ns/${kind}`));
    const [, user] = namespaces;
    if (seen.has(namespaces.join(' '))) return undefined;
    const container = /[0-9a-f]{64}/.exec(readFileSync(`${process}/cgroup`, 'utf8'))?.[0];
    const mounts = readFileSync(`${process}/mountinfo`, 'utf8').split('\n');
    // Not before: of a process that ends in between, the next one in its namespace is looked at.
    seen.add(namespaces.join(' '));
    return { mounts, ofEngine: user === own, container };
  } catch {
    return undefined;
  }
}
