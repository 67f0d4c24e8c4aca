import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { createDocker, type Outcome, probe, unique } from '../support/docker.ts';
import { engineInternals } from '../support/engine-internals.ts';
import { parseIdMap } from '../support/id-map.ts';
import { engineRoot } from './engine-root.ts';

const docker = createDocker(inject('dockerHost'));
const engineDirectory = '/run/bulkhead/engine';

/** Attacks that are stopped. Beside the refusal each looks at what it was after, in the engine's root. */
describe('attacks that fail', () => {
  let root: string;
  let before: string;
  const containers: string[] = [];
  const volumes: string[] = [];
  const images: string[] = [];
  /** What containers must neither change nor add to. */
  const sentinels = (): string =>
    JSON.stringify([
      readdirSync(join(root, engineDirectory)).sort(),
      readFileSync(join(root, engineDirectory, 'dockerd.json'), 'utf8'),
      readdirSync(join(root, 'tmp')).sort(),
      readFileSync('/proc/sys/kernel/core_pattern', 'utf8'),
    ]);
  beforeAll(() => {
    root = engineRoot(docker.host);
    before = sentinels();
  });
  afterAll(async () => {
    if (containers.length > 0) await docker.run(['rm', '-f', ...containers]);
    if (volumes.length > 0) await docker.run(['volume', 'rm', '-f', ...volumes]);
    if (images.length > 0) await docker.run(['rmi', '-f', ...images]);
  });
  const named = (list: string[], prefix: string): string => {
    const name = unique(prefix);
    list.push(name);
    return name;
  };
  const run = async (flags: readonly string[], script: string, image = probe): Promise<Outcome> =>
    docker.run(['run', '--rm', ...flags, image, 'sh', '-c', script]);
  /** An image whose root has one symbolic link, made without the link being followed. */
  const imageWithLink = async (link: string, target: string): Promise<string> => {
    const name = named(images, 'link');
    const dockerfile = [`FROM ${probe}`, `RUN rm -rf ${link}; ln -s ${target} ${link}`].join('\n');
    await docker.ok(['build', '-q', '-t', name, '-'], { input: dockerfile });
    return name;
  };

  test.each(['io.containerd.runc.v2', 'runc'])('runtime %s is the front door, too', async (runtime) => {
    const { stdout } = await run(['--runtime', runtime], 'cat /proc/self/uid_map');
    expect(parseIdMap(stdout).base).toBeGreaterThanOrEqual(100_000);
  });

  test('a runtime named by path is the front door, and dockerd itself refuses it', async () => {
    const flags = ['--runtime', '/usr/lib/bulkhead/runc'];
    const { stdout } = await run(flags, 'cat /proc/self/uid_map');
    expect(parseIdMap(stdout).base).toBeGreaterThanOrEqual(100_000);
    const dockerd = createDocker((await engineInternals(inject('enginePid'))).rawHost);
    const { status, stderr } = await dockerd.run(['run', '--rm', ...flags, probe, 'true']);
    expect(status).not.toBe(0);
    expect(stderr).toContain('invalid runtime name');
  });

  test.each([
    ['proc', 'proc', ''],
    ['cgroup', 'cgroup', 'devices'],
    ['none', '/var/lib/docker/volumes', 'bind'],
    ['none', '/run/bulkhead', 'bind'],
    ['overlay', 'overlay', 'lowerdir=/etc:/run'],
  ])('a local volume of type %s on %s is not given to a container', async (type, device, options) => {
    const name = named(volumes, 'odd');
    const created = await docker.run([
      'volume',
      'create',
      '--opt',
      `type=${type}`,
      '--opt',
      `device=${device}`,
      ...(options === '' ? [] : ['--opt', `o=${options}`]),
      name,
    ]);
    expect(created.status).not.toBe(0);
    expect(created.stderr).toContain('rule volume-options refuses the volume option');
    await run(['-v', `${name}:/x`], 'touch /x/held');
    expect(existsSync(join(root, device, 'held'))).toBe(false);
  });

  test('a bind source is judged where its symbolic link leads', async () => {
    const name = named(volumes, 'lnk');
    await run(['-v', `${name}:/v`], `ln -s ${engineDirectory} /v/lnk`);
    const { status, stdout } = await run(
      ['-v', `/var/lib/docker/volumes/${name}/_data/lnk:/x`],
      'ls /x; touch /x/held',
    );
    expect(stdout).not.toContain('dockerd.json');
    expect(status).not.toBe(0);
  });

  test.each([
    ['/data', engineDirectory],
    ['/data', '../../../../../run/bulkhead/engine'],
  ])('a mount target %s -> %s stays in the root of the container', async (link, target) => {
    const image = await imageWithLink(link, target);
    const data = named(volumes, 'target');
    await run(['-v', `${data}:${link}`], `touch ${link}/held`, image);
    expect(existsSync(join(root, engineDirectory, 'held'))).toBe(false);
    expect(await docker.ok(['run', '--rm', '-v', `${data}:/d`, probe, 'ls', '/d'])).toBe('held');
  });

  test.each(['/proc/self/attr', '/proc/sys/kernel'])('nothing is mounted on a link to %s', async (target) => {
    const image = await imageWithLink('/data', target);
    const { status, stdout } = await run(['-v', `${named(volumes, 'proc')}:/data`], 'echo ran', image);
    expect(status).not.toBe(0);
    expect(stdout).toBe('');
  });

  test('a build follows links of the image inside the image only', async () => {
    const dockerfile = [
      `FROM ${probe}`,
      `RUN ln -s ${engineDirectory} /l && ln -s / /r`,
      'WORKDIR /l/held-directory',
      `RUN touch /l/held /r/tmp/held && ls /l`,
    ].join('\n');
    await docker.ok(['build', '-q', '-t', named(images, 'follow'), '-'], { input: dockerfile });
    expect(sentinels()).toBe(before);
  });

  test('a cache mount does not leave its directory by id, source or link', async () => {
    const build = async (source: string, script: string): Promise<Outcome> =>
      docker.run(['build', '--no-cache', '--progress=plain', '-'], {
        input: `FROM ${probe}\nRUN --mount=type=cache,id=../../../etc/x,source=${source},target=/m ${script}\n`,
      });
    await build('../../..', `ln -s ${engineDirectory} /m/lnk; touch /m/held`);
    const { stderr } = await build('lnk', 'ls /m');
    expect(stderr).not.toContain('dockerd.json');
    expect(sentinels()).toBe(before);
  });

  test('exec --privileged stays under the seccomp floor and in the user namespace', async () => {
    const name = named(containers, 'exec');
    await docker.ok(['run', '-d', '--name', name, probe, 'sleep', '600']);
    const script =
      'for c in vsock-socket open-by-handle perf-open bpf-next-id; do probe $c; done; cat /proc/self/uid_map';
    const { stdout } = await docker.run(['exec', '--privileged', name, 'sh', '-c', script]);
    const lines = stdout.trim().split('\n');
    expect(lines.slice(0, 4).filter((line) => !/^E[A-Z]+$/.test(line))).toEqual([]);
    expect(parseIdMap(lines.at(-1) ?? '').base).toBeGreaterThanOrEqual(100_000);
  });

  test('no swarm, whose tasks would mount and run without an API call of their own', async () => {
    const { status } = await docker.run(['swarm', 'init', '--advertise-addr', '127.0.0.1']);
    const state = await docker.ok(['info', '--format', '{{.Swarm.LocalNodeState}}']);
    if (status === 0) await docker.run(['swarm', 'leave', '--force']);
    expect(state).toBe('inactive');
  });

  test('a seccomp profile that allows every socket opens no vsock', async () => {
    const profile = join(import.meta.dirname, 'open-sockets.json');
    const { stdout } = await run(['--security-opt', `seccomp=${profile}`], 'probe vsock-socket');
    expect(stdout).toBe('EAFNOSUPPORT');
  });

  test('the device list of a cgroup cannot be widened from inside, nor by docker update', async () => {
    const name = named(containers, 'devices');
    await docker.ok(['run', '-d', '--privileged', '--name', name, probe, 'sleep', '600']);
    await docker.run(['update', '--memory', '200m', '--memory-swap', '-1', name]);
    const script = [
      'echo a > /sys/fs/cgroup/devices/devices.allow',
      'mknod /tmp/kmsg c 1 11',
      'head -c 1 /tmp/kmsg > /dev/null && echo opened',
    ].join('; ');
    expect((await docker.run(['exec', '--privileged', name, 'sh', '-c', script])).stdout).not.toContain(
      'opened',
    );
  });

  test('nothing in the engine has changed', () => {
    expect(sentinels()).toBe(before);
  });
});
