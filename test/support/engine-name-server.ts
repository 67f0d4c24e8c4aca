import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { execa } from 'execa';
import { inEngine } from './in-engine.ts';
import type { OwnEngine } from './own-engine.ts';

/** The VM's name server beside an engine in native mode, which has none, as PID 1 of the VM starts it, with a resolver of the tests' behind it. */
export interface EngineNameServer extends AsyncDisposable {
  /** Its address. */
  readonly address: string;
  /** Runs a program of the engine's root as PID 1 would. */
  inEngine(words: readonly string[], input?: string): Promise<string>;
  /** Ends it without warning, as nothing in the VM should, and starts another at once. */
  replace(): Promise<void>;
  /** Asks for names from the engine's own network; the addresses. */
  ask(names: readonly string[]): Promise<string[]>;
}

const program = '/usr/lib/bulkhead/name-server';
const address = '192.168.65.4';
/** In the place of the VM's own address: that of the default bridge, which the engine has. */
const vm = '172.17.0.1';
const support = import.meta.dirname;

export async function startNameServer(engine: OwnEngine): Promise<EngineNameServer> {
  await using undo = new AsyncDisposableStack();
  const running = undo.use(new AsyncDisposableStack());
  const target = ['-t', String(engine.internals.init)];
  const started = async (command: string, words: readonly string[]): Promise<string> => {
    const child = spawn(command, words, { stdio: ['ignore', 'pipe', 'inherit'] });
    running.defer(() => end(child));
    for await (const line of createInterface(child.stdout)) return line;
    throw new Error(`${words.join(' ')} ended before it said its port`);
  };
  const script = join(support, 'answering-resolver.ts');
  const port = await started('/usr/bin/nsenter', [...target, '-n', '--', process.execPath, script]);
  const resolver = ['--resolver', `127.0.0.1:${port}`];
  await inEngine(engine, [program, '--rules', address, ...resolver, '--interface', 'none']);
  const place = ['--listen', `${address}:53`, '--apart-from', vm, '--root', '/run/bulkhead/rootfs'];
  const words = [program, ...place, ...resolver, '--host', '192.168.65.1'];
  const serve = (): Promise<string> =>
    started('/usr/bin/nsenter', [...target, '-m', '-n', '-p', '--', ...words]);
  await serve();
  const all = undo.move();
  return {
    address,
    inEngine: (words, input) => inEngine(engine, words, input),
    async replace() {
      const found = ['--ns', String(engine.internals.init), '--nslist', 'pid', '-f', `^${program} --listen`];
      const { stdout } = await execa('/usr/bin/pgrep', ['--oldest', ...found]);
      process.kill(Number(stdout), 'SIGKILL');
      await serve();
    },
    async ask(names) {
      const client = [process.execPath, join(support, 'name-ask.ts'), address, ...names];
      return (await execa('/usr/bin/nsenter', [...target, '-n', '--', ...client])).stdout.split('\n');
    },
    [Symbol.asyncDispose]: () => all.disposeAsync(),
  };
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill();
  await once(child, 'exit');
}
