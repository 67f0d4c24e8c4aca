/**
 * `make run`: builds and boots the VM, then lets a privileged container try what an attacker would, through the
 * ordinary Docker client, and prints what each attempt got. Fails when an attempt succeeds.
 */
import { spawnSync } from 'node:child_process';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { type DockerClient, findDockerClient } from './docker-client.ts';

interface Attempt {
  readonly what: string;
  /** Runs in the container; succeeds (status 0) only if the attack does. */
  readonly script: string;
}

const attempts: readonly Attempt[] = [
  { what: 'write /proc/sys/kernel/core_pattern', script: 'echo "|/tmp/x" > /proc/sys/kernel/core_pattern' },
  {
    what: 'make and read a block device',
    script: 'mknod /tmp/disk b 254 0 && dd if=/tmp/disk of=/dev/null count=1',
  },
  { what: 'load a kernel module', script: 'probe init-module' },
  {
    what: 'remount a read-only volume writable',
    script: 'mount -o remount,bind,rw /data && touch /data/written',
  },
];

function bulkhead(...args: string[]): string {
  const result = spawnSync('node', ['dist/cli/main.js', ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
    encoding: 'utf8',
  });
  if (result.status !== 0) process.exit(result.status ?? 1);
  return result.stdout;
}

function show(...args: string[]): void {
  const result = spawnSync('node', ['dist/cli/main.js', ...args], {
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  if (result.status !== 0) process.exit(result.status ?? 1);
}

/** Only making it needs root. It goes into the cache of the user who boots it, also under sudo, and sudo is not asked for one that is there. */
function buildImage(): void {
  const cli = ['dist/cli/main.js', 'image'];
  if (process.getuid?.() === 0) return show('image', 'build');
  if (spawnSync(process.execPath, [...cli, 'verify'], { stdio: 'ignore' }).status === 0) return;
  const cache = process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache');
  const environment = [`PATH=${process.env['PATH'] ?? ''}:/usr/sbin:/sbin`, `XDG_CACHE_HOME=${cache}`];
  const { status } = spawnSync('sudo', ['env', ...environment, process.execPath, ...cli, 'build'], {
    stdio: 'inherit',
  });
  // Without sudo the build itself says what it lacks.
  if (status === null) show('image', 'build');
  if (status !== 0) process.exit(status ?? 1);
}

interface Outcome {
  readonly succeeded: boolean;
  readonly output: string;
}

function runPrivileged(docker: DockerClient, script: string): Outcome {
  const args = [
    'run',
    '--rm',
    '--privileged',
    '--volume',
    'bulkhead-demo:/data:ro',
    'bulkhead/probe',
    'sh',
    '-c',
    script,
  ];
  const result = spawnSync(docker.file, args, { env: docker.env, encoding: 'utf8' });
  return { succeeded: result.status === 0, output: `${result.stdout}${result.stderr}`.trim() };
}

/** Plain columns: the output is pasted into mails and issues. */
function printTable(rows: readonly (readonly string[])[]): void {
  const widths = [0, 1].map((column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  for (const row of rows)
    console.log(
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('   ')
        .trimEnd(),
    );
}

buildImage();
show('up');
const dockerHost = /DOCKER_HOST=['"]?(unix:[^'"\s;]+)/.exec(bulkhead('env'))?.[1];
if (dockerHost === undefined) throw new Error('`bulkhead env` names no DOCKER_HOST');
const docker = findDockerClient(dockerHost);

console.log('\n$ docker run --rm --privileged bulkhead/probe cat /proc/self/uid_map');
const map = runPrivileged(docker, 'cat /proc/self/uid_map');
console.log(map.output);
const [inside, base, size] = map.output.trim().split(/\s+/).map(Number);
const isolated = map.succeeded && inside === 0 && size === 65_536 && (base ?? 0) >= 100_000;
if (!isolated) console.error('The container is not in a user namespace of its own.');

console.log('\nWhat a --privileged container gets when it tries to:\n');
const outcomes = attempts.map((attempt) => ({ ...attempt, ...runPrivileged(docker, attempt.script) }));
printTable([
  ['attempt', 'outcome', 'what it saw'],
  ...outcomes.map(({ what, succeeded, output }) => [
    what,
    succeeded ? 'SUCCEEDED' : 'refused',
    output.split('\n').at(-1) ?? '',
  ]),
]);
spawnSync(docker.file, ['volume', 'rm', 'bulkhead-demo'], { env: docker.env });

console.log('\nThe VM stays up. Use it with    eval "$(npx bulkhead env)"');
console.log('Stop it with                    npx bulkhead down');
process.exitCode = isolated && outcomes.every(({ succeeded }) => !succeeded) ? 0 : 1;
