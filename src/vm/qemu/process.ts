import { type ChildProcess, spawn } from 'node:child_process';
import { Duplex, type Readable } from 'node:stream';
import { BulkheadError } from '../../common/errors/bulkhead-error.js';
import { qemuDescriptors } from './arguments.js';
import { lendingToParent } from './backlog.js';
import { givenMemory } from './guest-memory.js';
import { endingWithParent } from './parent-death.js';

/** A started QEMU and our ends of the socket pairs it inherited. */
export interface QemuProcess {
  readonly pid: number;
  readonly qmp: Duplex;
  readonly phase: Duplex;
  readonly control: Duplex;
  /** What the guest writes to its serial console; nothing is ever written to it. */
  readonly console: Duplex;
  /** Resolves, never rejects, when the process is gone and its standard error was read to the end. */
  readonly ended: Promise<{
    readonly code: number | null;
    readonly signal: string | null;
    readonly stderr: string;
  }>;
  kill(): void;
}

export interface QemuSurroundings {
  readonly added?: Readonly<Record<string, string>>;
  readonly memory?: number | undefined;
}

/** QEMU has the environment to find its libraries and temporary directory, nothing of the user's. */
function environment(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const kept = ['PATH', 'HOME', 'TMPDIR', 'LANG', 'LD_LIBRARY_PATH'];
  return Object.fromEntries(kept.flatMap((name) => (env[name] === undefined ? [] : [[name, env[name]]])));
}

/**
 * Starts QEMU. Node makes each `'pipe'` a connected pair of unix stream sockets (uv_spawn), so QEMU can use the inherited
 * descriptors as socket chardevs. `added` comes into its environment, and a file of `memory` bytes to its descriptors. Rejects with `BH_QEMU_UNUSABLE` when the program cannot be executed.
 */
export async function spawnQemu(
  binary: string,
  args: readonly string[],
  { added = {}, memory }: QemuSurroundings = {},
): Promise<QemuProcess> {
  const { platform } = process;
  const inner = givenMemory([binary, ...args], memory, platform);
  const [file, ...wrapped] = endingWithParent(lendingToParent(inner, platform), platform);
  const child = spawn(file, wrapped, {
    stdio: ['ignore', 'ignore', 'pipe', 'pipe', 'pipe', 'pipe', 'pipe'],
    env: { ...environment(process.env), ...added },
    cwd: '/',
  });
  await new Promise<void>((resolve, reject) => {
    child.once('spawn', resolve);
    child.once('error', (cause) => {
      reject(new BulkheadError('BH_QEMU_UNUSABLE', { binary, reason: cause.message }, { cause }));
    });
  });
  return {
    pid: child.pid ?? 0,
    qmp: socket(child, qemuDescriptors.qmp),
    phase: socket(child, qemuDescriptors.phase),
    control: socket(child, qemuDescriptors.control),
    console: socket(child, qemuDescriptors.console),
    ended: end(child),
    kill: () => child.kill('SIGKILL'),
  };
}

function socket(child: ChildProcess, descriptor: number): Duplex {
  const stream = child.stdio[descriptor];
  if (!(stream instanceof Duplex)) throw new TypeError(`descriptor ${descriptor} is not a socket`);
  // A killed QEMU resets its sockets; whoever uses the stream learns of it by its `close`.
  stream.on('error', () => undefined);
  return stream;
}

const keptStderr = 16 * 1024;

function end(child: ChildProcess): QemuProcess['ended'] {
  let stderr = '';
  const read = new Promise<void>((resolve) => {
    if (child.stderr === null) return resolve();
    const stream: Readable = child.stderr.setEncoding('utf8');
    stream.on('data', (text: string) => (stderr = (stderr + text).slice(-keptStderr)));
    stream.once('close', resolve);
  });
  const exit = new Promise<{ code: number | null; signal: string | null }>((resolve) => {
    child.once('exit', (code, signal) => resolve({ code, signal }));
  });
  return Promise.all([exit, read]).then(([how]) => ({ ...how, stderr }));
}
