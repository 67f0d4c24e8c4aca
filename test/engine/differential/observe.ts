import { execa } from 'execa';
import { type Docker, probe, unique } from '../../support/docker.ts';
import type { EngineInternals } from '../../support/engine-internals.ts';
import type { Invocation } from './invocations.ts';

/** What one thing looked like, by the command line that showed it. */
export type Observations = ReadonlyMap<string, string>;

/** The command line of a row, as docs/differences.md names it. */
export function lineOf({ flags }: Invocation, rest: string): string {
  return ['docker run', ...flags, 'probe', rest].filter((word) => word !== '').join(' ');
}

/** Runs one row under one runtime: output and status of each command, files changed in the container, owners in volumes. */
export async function observe(
  row: Invocation,
  runtime: string,
  docker: Docker,
  internals: EngineInternals,
): Promise<Observations> {
  for (let time = 1; ; time += 1) {
    const seen = await observeOnce(row, runtime, docker, internals);
    if (!seen.lostOutput || time === times) return seen.observations;
  }
}

/** A loss three times in a row is none of the engine's. */
const times = 3;

/**
 * On a busy machine dockerd loses the whole output of a container now and then, in its log as well (28.5: two of 222 isolated, one of
 * 325 under plain runc, with five programs for two processors). A script prints before each of its commands.
 */
async function observeOnce(
  row: Invocation,
  runtime: string,
  docker: Docker,
  internals: EngineInternals,
): Promise<{ readonly observations: Observations; readonly lostOutput: boolean }> {
  const name = unique('differ');
  const flags = row.flags.map((flag) => flag.replace('@', name));
  const words = 'script' in row ? ['sh', '-c', scriptText(row.script)] : row.command;
  const given = ['run', '--name', name, '--runtime', runtime, ...flags, probe, ...words];
  const { status, stdout, stderr } = await docker.run(given, 'input' in row ? { input: row.input } : {});
  const seen = new Map<string, string>();
  if ('script' in row) {
    const parts = stdout.split(/^=== \d+\n/m).slice(1);
    row.script.forEach((text, index) => seen.set(lineOf(row, text), plain(parts[index] ?? 'not run', name)));
    seen.set(lineOf(row, ''), `status ${status}\n${plain(stderr, name)}`);
  } else {
    seen.set(lineOf(row, row.command.join(' ')), `status ${status}\n${plain(`${stdout}\n${stderr}`, name)}`);
  }
  if ('script' in row) {
    const { stdout: changed } = await docker.run(['diff', name]);
    seen.set(lineOf(row, '; docker diff'), changed.split('\n').sort().join('\n'));
  }
  await (row.flags.some((flag) => flag.includes('@')) ? withVolume() : docker.run(['rm', '-f', '-v', name]));
  return { observations: seen, lostOutput: 'script' in row && status === 0 && stdout === '' };

  async function withVolume(): Promise<void> {
    const directory = internals.path(`/var/lib/docker/volumes/${name}/_data`);
    seen.set(lineOf(row, '; files of the volume'), await filesOf(directory));
    await docker.run(['rm', '-f', name]);
    await docker.run(['volume', 'rm', name]);
  }
}

/** Each in a subshell with nothing to read, so that none blurs another. */
function scriptText(commands: readonly string[]): string {
  return commands
    .map((text, index) => `echo "=== ${index}"; ( ${text}\n) </dev/null 2>&1; echo "status $?"`)
    .join('\n');
}

/** Ids on disk, as the engine's root sees them: what a volume holds must be the same whoever wrote it. */
async function filesOf(directory: string): Promise<string> {
  const { stdout } = await execa('/usr/bin/find', [directory, '-printf', '%P %U:%G %m %y %s %l\\n'], {
    reject: false,
  });
  // The size of a directory depends on the order its entries were made in.
  return stdout
    .split('\n')
    .filter((line) => !/ d \d+ $/.test(line))
    .sort()
    .join('\n');
}

/** Without what differs between any two containers: names, ids, addresses, what the kernel counts. */
function plain(text: string, name: string): string {
  return text
    .replaceAll(name, 'NAME')
    .replaceAll(/\b[0-9a-f]{64}\b/g, 'ID')
    .replaceAll(/\b[0-9a-f]{12}\b/g, 'ID')
    .replaceAll(/172\.17\.\d+\.\d+/g, 'ADDRESS')
    .trim();
}
