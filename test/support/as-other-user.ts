import { join } from 'node:path';
import { commandLine } from './command-line.ts';

const checkout = join(import.meta.dirname, '..', '..');

/**
 * Checkout, image and Node may lie where that user does not come, as below a home directory of root's. So they are bound where that user does, in a mount namespace that
 * goes with its processes: nothing is left to take away, and who removes that directory afterwards finds nothing of the checkout in it.
 */
const script = [
  'places=$1 id=$2',
  'mkdir -p "$places/checkout" "$places/image"; : >> "$places/node"',
  'mount --bind "$3" "$places/checkout"; mount --bind "$4" "$places/image"; mount --bind "$5" "$places/node"',
  'shift 5; exec setpriv --reuid "$id" --regid "$id" --clear-groups --inh-caps=-all "$@"',
].join('\n');

export interface OtherUser {
  /** The uid, and the gid of the only group. */
  readonly user: number;
  /** That user's own, which has the XDG directories. */
  readonly home: string;
  readonly image: string;
}

export interface CommandOfOther {
  /** What starts the `bulkhead` command of this checkout, without what is asked of it. */
  readonly words: readonly [string, ...string[]];
  /** What is different in the environment of that user. */
  readonly env: Readonly<Record<string, string>>;
}

/** The `bulkhead` command as root starts it for another user of this machine, who has nothing of root's but to read. Pure. */
export function asOtherUser({ user, home, image }: OtherUser): CommandOfOther {
  const places = join(home, 'places');
  const bound = [checkout, image, process.execPath];
  const program = [join(places, 'node'), commandLine.replace(checkout, join(places, 'checkout'))];
  const shell = ['sh', '-euc', script, 'sh', places, String(user), ...bound, ...program] as const;
  return {
    words: ['unshare', '--mount', ...shell],
    env: {
      HOME: home,
      TMPDIR: home,
      XDG_CACHE_HOME: join(home, 'cache'),
      BULKHEAD_IMAGE: join(places, 'image'),
    },
  };
}
