import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { readLines } from '../../common/line-reader.js';
import { printable } from '../../common/printable.js';
import type { AddressFamily, HostLoopback } from '../../egress/connect-access/index.js';
import type { GatewaySetup } from '../../egress/gateway/setup.js';
import { feedClients, type OpenClients } from './feed-clients.js';

/** The same place whether this module runs from `src` or from `dist`. */
const program = fileURLToPath(new URL('../../../dist/egress/gateway/main.js', import.meta.url));

const firstPauseMs = 100;
const longestPauseMs = 5000;
/** One that ran for so long did not fail to start. */
const settledMs = 10_000;

export interface GatewayOptions {
  /** Where the relay is found. */
  readonly relay: string;
  /** The relay is in a VM, and the gateway dials. */
  readonly relayInVm?: boolean | undefined;
  /** The organization's, as it was read; without one everything is allowed. */
  readonly policy?: string | undefined;
  /** The list of verified publishers, judged; without one nobody is. */
  readonly publishers?: string | undefined;
  /** By whose key it ends the engine's connections, where the policy asks for that; PKCS #8, PEM. */
  readonly authority?: string | undefined;
  /** What the engine is told to take without a certificate. */
  readonly insecureRegistries?: readonly string[] | undefined;
  /** Where certificates of registries are; as Docker has them where absent. */
  readonly certificates?: string | undefined;
  /** The proxies of this machine, by the names they have in settings. */
  readonly system?: Readonly<Record<string, string>> | undefined;
  /** Those the engine is to have (`proxy`), for the connections of its that end here; likewise. */
  readonly engineProxy?: Readonly<Record<string, string>> | undefined;
  /** By which bulkheadd is asked who has which address; what is decided by a policy is decided of those it names. */
  readonly clients: OpenClients;
  /** Whether containers may reach what listens on this machine's loopback; closed where absent. */
  readonly hostLoopback?: HostLoopback | undefined;
  /** The addresses names are without; with all of theirs where absent. */
  readonly namesWithout?: AddressFamily | undefined;
  /** `ADDRESS:PORT` of those that are asked for names; without any, this machine's own. */
  readonly nameServers?: readonly string[] | undefined;
  /** A line it says: what was refused, mostly. */
  readonly onLine?: ((line: string) => void) | undefined;
}

/** Keeps a gateway running. Disposing of it ends it, and with it every connection. */
export interface GatewayProcess extends AsyncDisposable {
  /** Of the gateway that runs now; undefined between one and the next. */
  readonly pid: number | undefined;
}

export function keepGateway({
  relay,
  relayInVm = false,
  policy,
  publishers,
  authority,
  insecureRegistries = [],
  certificates,
  system = {},
  engineProxy = {},
  clients,
  hostLoopback = 'closed',
  namesWithout,
  nameServers = [],
  onLine,
}: GatewayOptions): GatewayProcess {
  const argv = [
    program,
    '--relay',
    relay,
    ...nameServers.flatMap((server) => ['--name-server', server]),
    ...(relayInVm ? ['--relay-in-vm'] : []),
  ];
  const stopping = new AbortController();
  let child: ChildProcess | undefined;

  async function run(): Promise<void> {
    // Its input ends with this process, however that ends, and so does it.
    const started = spawn(process.execPath, argv, { stdio: ['pipe', 'pipe', 'pipe'], env: {} });
    child = started;
    started.on('error', () => undefined);
    // Of one that has ended, or was never started.
    started.stdin.on('error', () => undefined);
    void readLines(started.stderr, (line) => onLine?.(printable(line)));
    const ended = new AbortController();
    const setup: GatewaySetup = {
      kind: 'setup',
      system,
      engineProxy,
      hostLoopback,
      insecureRegistries: [...insecureRegistries],
      ...(namesWithout === undefined ? {} : { namesWithout }),
      ...(policy === undefined ? {} : { policy }),
      ...(publishers === undefined ? {} : { publishers }),
      ...(authority === undefined ? {} : { authority }),
      ...(certificates === undefined ? {} : { certificates }),
    };
    started.stdin.write(`${JSON.stringify(setup)}\n`);
    const fed = policy === undefined ? undefined : feedClients(clients, started, ended.signal);
    await once(started, 'close');
    ended.abort();
    await fed;
    child = undefined;
  }

  async function keep(): Promise<void> {
    let pauseMs = firstPauseMs;
    while (!stopping.signal.aborted) {
      const begun = performance.now();
      await run();
      if (performance.now() - begun > settledMs) pauseMs = firstPauseMs;
      await pause(pauseMs, undefined, { signal: stopping.signal }).catch(() => undefined);
      pauseMs = Math.min(pauseMs * 2, longestPauseMs);
    }
  }

  const kept = keep();
  return {
    get pid() {
      return child?.pid;
    },
    async [Symbol.asyncDispose]() {
      stopping.abort();
      child?.kill('SIGKILL');
      await kept;
    },
  };
}
