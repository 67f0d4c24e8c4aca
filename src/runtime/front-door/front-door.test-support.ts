import { execFile } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';

const logLine = z.strictObject({
  level: z.string(),
  msg: z.string(),
  time: z.iso.datetime(),
  code: z.string().optional(),
});

export interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
  /** Lines of the `--log` file. */
  readonly log: readonly z.infer<typeof logLine>[];
}

/** A front door of its own paths below a scratch directory, with a shell script in the place of runc. */
export interface TestFrontDoor extends Disposable {
  readonly directory: string;
  readonly socket: string;
  /** Body of the script that stands for runc; it runs in the staged mount namespace with runc's arguments. */
  setRunc(script: string): void;
  /** Makes `bundle/config.json`. */
  makeBundle(config: string): string;
  run(...args: string[]): Promise<Outcome>;
  /** Without `--log`. */
  runBare(...args: string[]): Promise<Outcome>;
  /** The same after a shell command in a mount namespace of their own. */
  inMounts(command: string, ...args: string[]): Promise<Outcome>;
}

export const canStage = process.getuid?.() === 0;

/** Builds one of the Makefile's programs into a directory and returns its path. */
export async function makeTarget(name: string, directory: string, defines = ''): Promise<string> {
  const target = join(directory, name);
  const options = ['-s', '-C', import.meta.dirname, `BUILD=${directory}`, `DEFINES=${defines}`];
  const built = await execute('make', [...options, target], directory);
  if (built.code !== 0) throw new Error(built.stderr);
  return target;
}

/** Builds a front door, which takes about a second. `deadline` is in milliseconds; `runc` is a script's place by default. */
export async function makeFrontDoor(
  options: { readonly deadline?: number; readonly runc?: string } = {},
): Promise<TestFrontDoor> {
  mkdirSync('/tmp/runtime', { recursive: true, mode: 0o755 });
  const directory = mkdtempSync('/tmp/runtime/fd-');
  chmodSync(directory, 0o711);
  const run = join(directory, 'run');
  for (const name of [run, join(run, 'stage'), join(run, 'rootfs')]) mkdirSync(name, { mode: 0o711 });
  const runc = options.runc ?? join(directory, 'runc');
  const defines = `-DBH_RUN_DIRECTORY='"${run}"' -DBH_REAL_RUNC='"${runc}"' -DBH_DEADLINE_MS=${options.deadline ?? 30_000}`;
  const binary = await makeTarget('bulkhead-runtime', directory, defines);
  const log = join(directory, 'log.json');
  return {
    directory,
    socket: join(run, 'runtime.sock'),
    setRunc: (script) => writeFileSync(runc, `#!/bin/sh\n${script}\n`, { mode: 0o755 }),
    makeBundle: (config) => {
      const bundle = join(directory, 'bundle');
      mkdirSync(bundle, { recursive: true });
      writeFileSync(join(bundle, 'config.json'), config);
      return bundle;
    },
    run: async (...args) => {
      rmSync(log, { force: true });
      const result = await execute(binary, ['--log', log, ...args], directory);
      return { ...result, log: readLog(log) };
    },
    runBare: async (...args) => ({ ...(await execute(binary, args, directory)), log: [] }),
    inMounts: async (command, ...args) => {
      rmSync(log, { force: true });
      const script = `${command} && exec "$@"`;
      const inner = ['-m', 'sh', '-c', script, 'sh', binary, '--log', log, ...args];
      const result = await execute('unshare', inner, directory);
      return { ...result, log: readLog(log) };
    },
    [Symbol.dispose]: () => rmSync(directory, { recursive: true, force: true }),
  };
}

function readLog(path: string): Outcome['log'] {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch {
    return [];
  }
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => logLine.parse(JSON.parse(line)));
}

function execute(file: string, args: readonly string[], cwd: string): Promise<Omit<Outcome, 'log'>> {
  return new Promise((resolve) => {
    execFile(file, args, { cwd, maxBuffer: 64 * 1024 * 1024 }, (error, stdout, stderr) => {
      const code = error === null ? 0 : typeof error.code === 'number' ? error.code : 255;
      resolve({ code, stdout, stderr });
    });
  });
}
