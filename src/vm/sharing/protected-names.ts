import { isAtOrBelow, related } from './host-place.js';

/** The engine's root has these itself, with everything it runs and its sockets. */
const ofTheRoot = /^\/(?:bin|boot|dev|etc|lib(?:\d\d|x32)?|proc|run|sbin|sys|usr)(?:\/|$)/;
/** Likewise; beside them a share may lie in the same directory. */
const engineDirectories = [
  '/var/cache',
  '/var/lib/bulkhead-data',
  '/var/lib/containerd',
  '/var/lib/docker',
  '/var/lock',
  '/var/log',
  '/var/run',
] as const;
/** Hold files of everybody; of these a sub-directory may be shared. */
const crowded = new Set(['/tmp', '/var', '/var/lib', '/var/tmp']);

/** Directories whose contents lead into the host, by whatever name they are mounted elsewhere. */
export const protectedDirectories: readonly string[] = [
  '/boot',
  '/dev',
  '/etc',
  '/proc',
  '/run',
  '/sys',
  '/usr',
  ...engineDirectories,
];

/**
 * What a name in the engine's root belongs to that containers must not have, or undefined. The engine reads its own
 * settings from its home, /root, so only what is not hidden there may be shared.
 */
export function protectedName(path: string): string | undefined {
  if (path === '/') return 'the whole machine';
  if (ofTheRoot.test(path)) return 'the system itself';
  const engine = engineDirectories.find((directory) =>
    crowded.has(path) ? related(path, directory) : isAtOrBelow(path, directory),
  );
  if (engine !== undefined) return engine;
  if (crowded.has(path)) return 'the files of every user';
  return /^\/root(?:\/\.|$)/.test(path) ? "the home directory of the engine's services" : undefined;
}
