import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { type FileHandle, mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable, Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { productDirectory } from '../product-directory.js';
import { abortReason } from '../../common/abort.js';
import type { AuthorityKeys } from '../../egress/engine-traffic/index.js';
import { BulkheadError } from '../../common/errors/bulkhead-error.js';
import { readLines } from '../../common/line-reader.js';
import { printable } from '../../common/printable.js';
import { type GatewayOptions, type GatewayProcess, keepGateway } from '../egress/index.js';
import { type Phase, parsePhaseLine } from '../phases.js';
import {
  type AllowedDirectories,
  openShares,
  openSshAgent,
  type ProtectedDirectory,
  type ShareRequest,
} from '../sharing/index.js';
import { entryArguments } from './entry-arguments.js';
import { clientsOfEngine } from './engine-clients.js';

/** Built by `make -C src/vm/native`; the same place whether this module runs from `src` or from `dist`. */
const entryProgram = fileURLToPath(new URL('../../../src/vm/native/build/enter', import.meta.url));

/** Built by `make -C src/egress/relay`. */
const relayProgram = fileURLToPath(new URL('../../../src/egress/relay/build/egress-relay', import.meta.url));

/** Lines of standard error kept to explain a failed start. */
const keptErrorLines = 20;

/** PID 1 promises to be gone within 12 s of SIGTERM, mostly of 10; past this it is killed, and with it everything it started. */
const stopDeadlineMs = 13_000;

export interface NativeEngineOptions {
  readonly name: string;
  /** `root.erofs` of an image, or a directory that holds the same tree. */
  readonly root: string;
  /** Keeps images, volumes and containers; made when absent. */
  readonly dataDir: string;
  /** Gets `docker.sock` and `control.sock`; made with mode 0700 when absent. */
  readonly hostDir: string;
  /** Directories of this machine that containers may bind. */
  readonly shares?: readonly ShareRequest[];
  /** The only directories that may be shared, with what is below them; without it all. */
  readonly allowedShares?: AllowedDirectories | undefined;
  /** Directories that may not be shared, beside the engine's own. */
  readonly unshared?: readonly ProtectedDirectory[];
  /** Socket of an ssh agent that containers may ask for, and the user it must belong to. */
  readonly sshAgent?: { readonly path: string; readonly owner: number };
  /** The organization's policy, open for reading, its position at the start. */
  readonly policy?: FileHandle;
  /** The user's settings, likewise. */
  readonly settings?: FileHandle;
  /** The machine's registry.json, likewise. */
  readonly registry?: FileHandle;
  /** The signed list of verified publishers, likewise. */
  readonly publishers?: FileHandle;
  /** Containers and engine reach the world by a gateway on this machine; without it they reach nothing. */
  readonly egress?: EgressOptions | undefined;
  /** Who ends its connections to registries: dockerd and containerd take certificates of this one as well, and the gateway is given its key. */
  readonly authority?: AuthorityKeys | undefined;
  readonly onPhase?: (phase: Phase) => void;
  /** Limits the start; once the engine is ready it has no further effect. */
  readonly signal: AbortSignal;
}

/** What the gateway is told. */
export type EgressOptions = Omit<GatewayOptions, 'relay' | 'relayInVm' | 'clients' | 'authority'>;

/** A running engine. Disposing of it stops it. */
export interface NativeEngine extends AsyncDisposable {
  /** `DOCKER_HOST` for the Docker CLI. */
  readonly dockerHost: string;
  readonly controlSocket: string;
  /** Process id of the entry program on the host. */
  readonly pid: number;
  /** What decides where it may connect to; undefined where it has no way out. */
  readonly gateway: GatewayProcess | undefined;
  /** Orderly stop, then, past a deadline, SIGKILL. Resolves when nothing of it runs any more and its sockets are gone. */
  stop(): Promise<void>;
  /** Resolves with the exit status when it has ended for whatever reason. */
  readonly exited: Promise<number | null>;
}

/**
 * Starts the VM's root file system and daemon on this machine's kernel, without a VM, in namespaces of its own. Resolves
 * at `engine-ready`. Throws `BH_NATIVE_ROOT`, `BH_NATIVE_START`, what is wrong with a share (`BH_SHARE_…`, `BH_SSH_AGENT`) or the
 * signal's reason; nothing runs then.
 */
export async function startNativeEngine(options: NativeEngineOptions): Promise<NativeEngine> {
  if (process.getuid?.() !== 0) throw new BulkheadError('BH_NATIVE_ROOT');
  options.signal.throwIfAborted();
  await mkdir(options.dataDir, { recursive: true, mode: 0o711 });
  await mkdir(options.hostDir, { recursive: true, mode: 0o700 });
  const dockerSocket = join(options.hostDir, 'docker.sock');
  const controlSocket = join(options.hostDir, 'control.sock');
  // Beside the directory and not in it: the engine has that, and must not be its own gateway.
  const egressSocket = `${options.hostDir}-egress.sock`;
  const removeSockets = async (): Promise<void> => {
    await Promise.all([dockerSocket, controlSocket, egressSocket].map((path) => rm(path, { force: true })));
  };
  // Of an engine whose starter was killed.
  await removeSockets();

  const child = await spawnEntry(options, egressSocket);
  const gateway =
    options.egress === undefined
      ? undefined
      : keepGateway({
          ...options.egress,
          authority: options.authority?.privateKey,
          relay: egressSocket,
          clients: clientsOfEngine(controlSocket),
        });
  // Without the sockets a client is told that there is no engine, not that it refuses connections.
  const exited = once(child, 'exit')
    .then(removeSockets)
    .then(() => child.exitCode);
  const errors: string[] = [];
  if (child.stderr !== null) {
    void readLines(child.stderr, (line) => {
      errors.push(printable(line));
      if (errors.length > keptErrorLines) errors.shift();
    });
  }

  const stop = async (): Promise<void> => {
    child.kill('SIGTERM');
    const timer = setTimeout(() => child.kill('SIGKILL'), stopDeadlineMs);
    await exited;
    clearTimeout(timer);
    await gateway?.[Symbol.asyncDispose]();
  };

  const phases = child.stdio[3];
  try {
    if (!(phases instanceof Readable) || child.pid === undefined) await once(child, 'spawn');
    if (!(phases instanceof Readable) || child.pid === undefined) throw new Error('no phase descriptor');
    await untilReady(phases, exited, errors, options);
    return {
      dockerHost: `unix://${dockerSocket}`,
      controlSocket,
      pid: child.pid,
      gateway,
      stop,
      exited,
      [Symbol.asyncDispose]: stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** The entry program has its own copies of the descriptors of what is shared as soon as it is started. */
async function spawnEntry(options: NativeEngineOptions, egressSocket: string): Promise<ChildProcess> {
  await using handles = new AsyncDisposableStack();
  const beside = [
    { path: options.dataDir, what: "the engine's data" },
    { path: options.hostDir, what: "the engine's sockets" },
    { path: options.root, what: 'the image the engine runs' },
    { path: productDirectory, what: 'the programs of the product' },
    ...(options.unshared ?? []),
  ];
  const shares = await openShares(options.shares ?? [], beside, options.allowedShares);
  for (const handle of new Set(shares.map((share) => share.handle))) handles.use(handle);
  const { sshAgent, policy, settings, registry, publishers, authority } = options;
  const agent = sshAgent === undefined ? [] : [await openSshAgent(sshAgent.path, sshAgent.owner)];
  for (const handle of agent) handles.use(handle);
  const passedOn = [
    ...shares.map(({ handle }) => handle),
    ...agent,
    policy,
    settings,
    registry,
    publishers,
  ].filter((handle) => handle !== undefined);
  const first = 4;
  const numberOf = (handle: FileHandle | undefined): number | undefined =>
    handle === undefined ? undefined : first + passedOn.lastIndexOf(handle);
  const argv = entryArguments({
    ...options,
    phaseFd: 3,
    shares: shares.map(({ path, readOnly }, index) => ({ fd: first + index, path, readOnly })),
    sshAgentFd: numberOf(agent[0]),
    policyFd: numberOf(policy),
    settingsFd: numberOf(settings),
    registryFd: numberOf(registry),
    publishersFd: numberOf(publishers),
    authorityFd: authority === undefined ? undefined : first + passedOn.length,
    egress: options.egress === undefined ? undefined : { socket: egressSocket, relay: relayProgram },
  });
  const child = spawn(entryProgram, argv, {
    stdio: [
      'ignore',
      'ignore',
      'pipe',
      'pipe',
      ...passedOn.map(({ fd }) => fd),
      ...(authority === undefined ? [] : ['pipe' as const]),
    ],
    env: { PATH: '/usr/sbin:/usr/bin' },
  });
  const last = child.stdio[first + passedOn.length];
  // Of an entry that ends at once there is told otherwise.
  if (last instanceof Writable) last.on('error', () => undefined).end(authority?.certificate);
  return child;
}

async function untilReady(
  phases: Readable,
  exited: Promise<number | null>,
  errors: readonly string[],
  { onPhase, signal }: NativeEngineOptions,
): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    const failed = (reason: string): void => {
      reject(new BulkheadError('BH_NATIVE_START', { reason }));
    };
    signal.addEventListener(
      'abort',
      () => {
        reject(abortReason(signal));
      },
      { once: true },
    );
    void exited.then((code) => {
      failed([`it ended with status ${code ?? 'unknown'}`, ...errors].join('; '));
    });
    void readLines(phases, (line) => {
      const message = parsePhaseLine(line);
      if (message.kind === 'failure') failed(`${message.failure.failure}: ${message.failure.detail}`);
      if (message.kind !== 'phase') return;
      onPhase?.(message.phase);
      if (message.phase === 'engine-ready') resolve();
    });
  });
}
