import { posix } from 'node:path';
import type { Settings } from './settings-schema.js';

type Allowed = NonNullable<Settings['filesharingAllowedDirectories']>;

/** What `$HOME`, and `$TMP` or `$TEMP`, stand for on this host. Not what the environment says: whoever runs the command decides that. */
export interface NamedDirectories {
  readonly home: string;
  readonly temporary: string;
}

const variable = /^\$(HOME|TMP|TEMP)(?=\/|$)/;

/** The directories by their names here. One that is no absolute path, as one of another operating system, allows nothing. */
export function allowedDirectories(allowed: Allowed, { home, temporary }: NamedDirectories): string[] {
  return allowed
    .map(({ path }) => path.replace(variable, (_text, name: string) => (name === 'HOME' ? home : temporary)))
    .filter((path) => path.startsWith('/'))
    .map(plain);
}

/** Those shared without being asked for, likewise. */
export function directoriesSharedByDefault(allowed: Allowed, named: NamedDirectories): string[] {
  return allowedDirectories(
    allowed.filter(({ sharedByDefault }) => sharedByDefault),
    named,
  );
}

/** Whether a start that nobody names a directory for has some: then no list of one's own is not the same as an empty one. */
export function sharesByDefault(policy: Settings | undefined): boolean {
  return policy?.filesharingAllowedDirectories?.some(({ sharedByDefault }) => sharedByDefault) === true;
}

/**
 * Whether a directory of the host may be shared, by its name alone, where the host can't be asked: whose home `$HOME` is, only the host knows. Threat: a host
 * whose programs somebody has altered passes on a directory the organization does not allow.
 */
export function mayBeShared(path: string, allowed: Allowed): boolean {
  return allowed.some(({ path: pattern }) => {
    const [text, name] = variable.exec(pattern) ?? [];
    if (text === undefined) return pattern.startsWith('/') && isBelow(path, plain(pattern));
    const rest = plain(pattern.slice(text.length));
    if (name !== 'HOME')
      return ['/tmp', '/var/tmp'].some((directory) => isBelow(path, plain(directory + rest)));
    return rest === '/' || path.endsWith(rest) || path.includes(`${rest}/`);
  });
}

/** `..` taken by name; the host resolves it as the kernel does, besides. */
function plain(path: string): string {
  return posix.normalize(path === '' ? '/' : path).replace(/(.)\/$/, '$1');
}

function isBelow(path: string, directory: string): boolean {
  return directory === '/' || path === directory || path.startsWith(`${directory}/`);
}
