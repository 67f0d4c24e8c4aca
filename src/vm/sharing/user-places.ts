import { readFileSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { isAbsolute, join } from 'node:path';
import { movedDisks } from '../disk/index.js';
import { listUsable } from '../instance/list.js';
import { homeOf } from './allowed-places.js';
import type { ProtectedDirectory } from './protected-places.js';
import { invokingUser } from './ssh-agent.js';

/**
 * Where the product keeps what is a user's, in each home of the machine's list (passwd(5)). Some may not be there. Whoever runs sudo has root's environment, and shares a
 * home whose user has VMs of his own; root has rights in all of them. Pure.
 */
export function placesOfUsers(passwd: string): ProtectedDirectory[] {
  const homes = new Map<string, number[]>();
  const uids = new Set<number>();
  for (const line of passwd.split('\n')) {
    const [, , uid = '', , , home = ''] = line.split(':');
    if (!/^\d+$/.test(uid)) continue;
    uids.add(Number(uid));
    if (isAbsolute(home)) homes.set(home, [...(homes.get(home) ?? []), Number(uid)]);
  }
  return [
    ...[...homes].flatMap(([home, users]) => [
      placeOfUsers('the state of engines and VMs', join(home, '.local/state/bulkhead'), users),
      placeOfUsers('the images engines and VMs run', join(home, '.cache/bulkhead'), users),
      placeOfUsers('the settings of the product', join(home, '.config/bulkhead'), users),
    ]),
    ...[...uids].map((uid) => placeOfUsers('the sockets of engines and VMs', `/tmp/bulkhead-${uid}`, [uid])),
  ];
}

function placeOfUsers(what: string, path: string, users: readonly number[]): ProtectedDirectory {
  return { path, what: `${what} (${path})`, users };
}

/** The same of this machine, and of the person who ran sudo the disks that were moved, and the state of each VM, which may be behind a link; nothing for a user who is not root, and reaches no more than is his own. */
export async function placesRootReaches(
  env: Readonly<Record<string, string | undefined>>,
  uid = process.getuid?.() ?? 0,
  passwd = readFileSync('/etc/passwd', 'utf8'),
): Promise<ProtectedDirectory[]> {
  if (uid !== 0) return [];
  const user = invokingUser(env, uid);
  const home = homeOf(user, passwd);
  const theirs = { XDG_STATE_HOME: join(home, '.local', 'state') };
  const facts = { env: theirs, uid: user, home, ownsDirectory: () => false, hasSockets: () => false };
  const disks = user === uid ? [] : await movedDisks(facts);
  const stateRoot = join(theirs.XDG_STATE_HOME, 'bulkhead');
  const names = user === uid ? [] : await listUsable(stateRoot).catch(() => []);
  const places: ProtectedDirectory[] = [];
  // What root can't reach, as a home that its user has mounted by FUSE, no container gets by root's hand.
  for (const place of [
    ...placesOfUsers(passwd),
    ...names.map((name) => placeOfUsers('the state of engines and VMs', join(stateRoot, name), [user])),
  ])
    if (
      await stat(place.path).then(
        () => true,
        () => false,
      )
    )
      places.push(place);
  return [...places, ...disks.map((path) => ({ path, what: 'the data disk of a VM' }))];
}
