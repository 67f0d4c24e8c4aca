import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Docker, type Outcome, probe, unique } from './docker.ts';
import { eventually } from './eventually.ts';
import { engineRecipe, importTestImage } from './test-images.ts';

/** A running privileged container of the engine image, and what is done in it. */
export interface Inner {
  readonly name: string;
  exec(...command: string[]): Promise<Outcome>;
  /** A shell script; rejects unless its status is 0. Gives its standard output, trimmed. */
  sh(script: string): Promise<string>;
  remove(): Promise<void>;
}

/**
 * On cgroup v2 a cgroup with processes of its own cannot be divided (cgroups(7), "no internal processes"), so they leave it first, as
 * `docker:dind` begins, too.
 */
const start = [
  'cd /sys/fs/cgroup',
  'if [ -e cgroup.controllers ]; then',
  '  mkdir -p init && echo 1 > init/cgroup.procs',
  '  sed -e "s/ / +/g" -e "s/^/+/" cgroup.controllers > cgroup.subtree_control',
  'fi',
  'exec sleep 3600',
].join('\n');

/** @param recipe of the image it runs. */
export async function startInner(
  docker: Docker,
  flags: readonly string[] = [],
  recipe: Parameters<typeof importTestImage>[1] = engineRecipe,
): Promise<Inner> {
  return startInnerOf(docker, await importTestImage(docker, recipe), flags);
}

/** @param image that is there. */
export async function startInnerOf(
  docker: Docker,
  image: string,
  flags: readonly string[] = [],
): Promise<Inner> {
  const name = unique('inner');
  await docker.ok(['run', '-d', '--privileged', '--name', name, ...flags, image, 'sh', '-c', start]);
  return {
    name,
    exec: (...command) => docker.run(['exec', name, ...command]),
    sh: (script) => docker.ok(['exec', name, 'sh', '-ec', script]),
    remove: async () => {
      await docker.ok(['rm', '-f', '-v', name]);
    },
  };
}

/** Copies the probe image into the container as `/probe.tar`. */
export async function giveProbeImage(docker: Docker, { name }: Inner): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), 'bulkhead-probe-'));
  try {
    await docker.ok(['save', '-o', join(directory, 'probe.tar'), probe]);
    await docker.ok(['cp', join(directory, 'probe.tar'), `${name}:/probe.tar`]);
  } finally {
    await rm(directory, { recursive: true });
  }
}

/** Starts dockerd inside and loads the probe image into it. */
export async function startInnerEngine(docker: Docker, inner: Inner): Promise<void> {
  await startInnerDaemon(docker, inner);
  await giveProbeImage(docker, inner);
  await inner.sh('docker load -i /probe.tar');
}

/** Starts dockerd inside, as the `docker:dind` image does: pid files of an earlier start would stop it. */
export async function startInnerDaemon(docker: Docker, inner: Inner, flags = ''): Promise<void> {
  const script = [
    'rm -f /var/run/docker.pid /var/run/docker/containerd/*.pid',
    `exec dockerd ${flags} >/dockerd.log 2>&1`,
  ];
  await docker.ok(['exec', '-d', inner.name, 'sh', '-c', script.join('\n')]);
  await eventually(() => inner.sh('docker version'), 30_000);
}
