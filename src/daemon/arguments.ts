import { parseArgs } from 'node:util';
import { z } from 'zod';
import { type HostSide, parseHostSide } from './ports/index.js';

/** How PID 1 starts the daemon; the descriptors are inherited, never opened by path (docs/architecture.md). */
export interface DaemonArguments {
  readonly mode: 'vm' | 'native';
  readonly initFd: number;
  readonly runtimeFd: number;
  readonly phaseFd: number;
  readonly serviceLogs: ReadonlyMap<string, number>;
  /** Device of the virtio-serial port of the control channel; VM mode only. */
  readonly controlPort: string | undefined;
  /** Directory shared with the host; native mode only. */
  readonly hostDir: string | undefined;
  /** Sealed list of the host's directories in the root (`shared-list.ts`); native mode only. */
  readonly sharesFd: number | undefined;
  /** Listening socket for containers that want the host's ssh agent; in native mode where it was asked for. */
  readonly sshAgentFd: number | undefined;
  /** Sealed copy of the organization's policy (`policy-in-force.ts`). */
  readonly policyFd: number | undefined;
  /** Sealed copy of the user's settings. */
  readonly settingsFd: number | undefined;
  /** Sealed copy of the machine's registry.json. */
  readonly registryFd: number | undefined;
  /** Sealed copy of the signed list of verified publishers. */
  readonly publishersFd: number | undefined;
  /** Listening socket for publish-port; VM mode only. */
  readonly portsFd: number | undefined;
  /** The card and who is behind it, where the default route leads elsewhere; VM mode only. */
  readonly hostSide: HostSide | undefined;
}

const descriptor = z.coerce.number().int().min(3).max(255);

const schema = z.strictObject({
  mode: z.enum(['vm', 'native']),
  'init-fd': descriptor,
  'runtime-fd': descriptor,
  'phase-fd': descriptor,
  'service-log': z.array(z.string().regex(/^[a-z]+=\d+$/)).default([]),
  'control-port': z.string().optional(),
  'host-dir': z.string().startsWith('/').optional(),
  'shares-fd': descriptor.optional(),
  'ssh-agent-fd': descriptor.optional(),
  'policy-fd': descriptor.optional(),
  'settings-fd': descriptor.optional(),
  'registry-fd': descriptor.optional(),
  'publishers-fd': descriptor.optional(),
  'ports-fd': descriptor.optional(),
  'host-side': z.string().transform(parseHostSide).optional(),
});

/** Throws on anything PID 1 does not pass: a daemon started by hand must not serve half-configured. */
export function parseDaemonArguments(argv: readonly string[]): DaemonArguments {
  const { values } = parseArgs({
    args: [...argv],
    strict: true,
    options: {
      mode: { type: 'string' },
      'init-fd': { type: 'string' },
      'runtime-fd': { type: 'string' },
      'phase-fd': { type: 'string' },
      'service-log': { type: 'string', multiple: true },
      'control-port': { type: 'string' },
      'host-dir': { type: 'string' },
      'shares-fd': { type: 'string' },
      'ssh-agent-fd': { type: 'string' },
      'policy-fd': { type: 'string' },
      'settings-fd': { type: 'string' },
      'registry-fd': { type: 'string' },
      'publishers-fd': { type: 'string' },
      'ports-fd': { type: 'string' },
      'host-side': { type: 'string' },
    },
  });
  const parsed = schema.parse(values);
  return {
    mode: parsed.mode,
    initFd: parsed['init-fd'],
    runtimeFd: parsed['runtime-fd'],
    phaseFd: parsed['phase-fd'],
    serviceLogs: new Map(parsed['service-log'].map(splitServiceLog)),
    controlPort: parsed['control-port'],
    hostDir: parsed['host-dir'],
    sharesFd: parsed['shares-fd'],
    sshAgentFd: parsed['ssh-agent-fd'],
    policyFd: parsed['policy-fd'],
    settingsFd: parsed['settings-fd'],
    registryFd: parsed['registry-fd'],
    publishersFd: parsed['publishers-fd'],
    portsFd: parsed['ports-fd'],
    hostSide: parsed['host-side'],
  };
}

function splitServiceLog(entry: string): [string, number] {
  const [name = '', fd = ''] = entry.split('=');
  return [name, descriptor.parse(fd)];
}
