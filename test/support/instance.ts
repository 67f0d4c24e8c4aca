import { execa } from 'execa';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { z } from 'zod';
import { healthSchema } from '../../dist/common/health.js';
import { asOtherUser } from './as-other-user.ts';
import { commandLine } from './command-line.ts';
import type { Outcome } from './docker.ts';

/** An instance of a directory of its own; plain data, so that vitest can hand it from the set-up to the test files. */
export interface InstanceId {
  readonly name: string;
  /** Absolute and short: it holds the XDG directories and so a socket. */
  readonly dir: string;
  readonly image: string;
  /** The organization's policy; none without it, not even that of this machine. */
  readonly policy?: string;
  /** A directory that is the `/etc` of the machine to it and its VM (`own-etc.ts`); needs root. */
  readonly etc?: string;
  /** Who runs the commands, with the directory as home; root without it. Not beside `etc`. */
  readonly user?: number;
}

const statusSchema = z.looseObject({
  state: z.string(),
  pid: z.int().optional(),
  vmPid: z.int().nullish(),
  dockerHost: z.string().optional(),
  dataDisk: z.string().optional(),
  network: z.string().nullish(),
  phases: z.array(z.object({ phase: z.string(), atMs: z.number() })).optional(),
  guest: healthSchema.nullish(),
  restartNeeded: z.string().nullish(),
  shares: z.array(z.object({ path: z.string(), readOnly: z.boolean() })).optional(),
});

export type InstanceStatus = z.infer<typeof statusSchema>;

export interface Instance {
  readonly dataDisk: string;
  readonly dockerSocket: string;
  readonly dockerHost: string;
  /** The command while it runs, for those that wait for something. Never rejects because of the exit status. */
  start(
    command: string,
    ...args: readonly string[]
  ): { readonly stdout: Readable; readonly ended: Promise<Outcome> };
  /** Never rejects because of the exit status. `--name` is added after the command's own name. */
  run(command: string, ...args: readonly string[]): Promise<Outcome>;
  /** `bulkhead disk`, whose subcommand comes before `--name`. */
  disk(...args: readonly string[]): Promise<Outcome>;
  /** `bulkhead share`, likewise. */
  share(...args: readonly string[]): Promise<Outcome>;
  /** `bulkhead settings`, of the person and not of the instance; each instance here has a person of its own. */
  settings(...args: readonly string[]): Promise<Outcome>;
  /** Rejects, with what the command said, unless the VM became ready. Without a number of seconds it has 240, on a quiet machine it takes 16. */
  up(seconds?: number, ...flags: readonly string[]): Promise<void>;
  status(): Promise<InstanceStatus>;
  /** Pids of every process whose command line or environment names the instance's directory. */
  processes(): Promise<number[]>;
}

/** The command line of this checkout, used on one instance. The cache stays that of the machine, so that the image is reused. */
export function instanceAt({ name, dir, image, policy, etc, user }: InstanceId): Instance {
  const other = user === undefined ? undefined : asOtherUser({ user, home: dir, image });
  const env = {
    XDG_STATE_HOME: join(dir, 'state'),
    XDG_RUNTIME_DIR: join(dir, 'run'),
    XDG_CONFIG_HOME: join(dir, 'config'),
    BULKHEAD_IMAGE: image,
    // `up` keeps a Docker context, which must not be that of whoever runs the tests.
    DOCKER_CONFIG: join(dir, 'docker'),
    ...(policy === undefined ? {} : { BULKHEAD_POLICY: policy }),
    ...other?.env,
  };
  const dockerSocket = join(dir, 'run', 'bulkhead', name, 'docker.sock');
  const bulkhead = (...words: string[]): ReturnType<Instance['start']> => {
    const [program, ...before] = other?.words ?? [
      ...(etc === undefined ? ([process.execPath] as const) : within(etc)),
      commandLine,
    ];
    const command = execa(program, [...before, ...words], { env, reject: false, stdin: 'ignore' });
    const ended = command.then(({ exitCode, stdout, stderr }) => ({
      status: exitCode ?? -1,
      stdout,
      stderr,
    }));
    return { stdout: command.stdout, ended };
  };
  const start: Instance['start'] = (command, ...args) => bulkhead(command, '--name', name, ...args);
  const run: Instance['run'] = (command, ...args) => start(command, ...args).ended;
  return {
    dataDisk: join(dir, 'state', 'bulkhead', name, 'data.raw'),
    dockerSocket,
    dockerHost: `unix://${dockerSocket}`,
    start,
    run,
    disk: (...args) => bulkhead('disk', ...args, '--name', name).ended,
    share: (...args) => bulkhead('share', ...args, '--name', name).ended,
    settings: (...args) => bulkhead('settings', ...args).ended,
    async up(seconds = 240, ...flags) {
      const { status, stderr } = await run('up', '--timeout', String(seconds), ...flags);
      if (status !== 0) throw new Error(`bulkhead up: status ${status}\n${stderr}`);
    },
    async status() {
      return statusSchema.parse(JSON.parse((await run('status', '--json', '--fresh')).stdout));
    },
    processes: () => processesNaming(dir),
  };
}

/** Node in a mount namespace of its own, in which the directory is that of the machine. */
function within(etc: string): [string, ...string[]] {
  const script = 'mount --bind "$0" /etc && exec "$@"';
  return ['unshare', '--mount', 'sh', '-c', script, etc, process.execPath];
}

async function processesNaming(text: string): Promise<number[]> {
  const pids = (await readdir('/proc')).filter((entry) => /^\d+$/.test(entry)).map(Number);
  const named = await Promise.all(
    pids.map(async (pid) => {
      const files = ['cmdline', 'environ'].map((file) => readFile(`/proc/${pid}/${file}`, 'utf8'));
      const texts = await Promise.all(files.map((content) => content.catch(() => '')));
      return pid !== process.pid && texts.some((content) => content.includes(text));
    }),
  );
  return pids.filter((_pid, index) => named[index]);
}
