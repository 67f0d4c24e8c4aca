import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { createDocker, probe, unique } from '../../support/docker.ts';
import { eventually } from '../../support/eventually.ts';
import {
  giveProbeImage,
  type Inner,
  startInner,
  startInnerDaemon,
  startInnerEngine,
  startInnerOf,
} from '../../support/inner-engine.ts';

const docker = createDocker(inject('dockerHost'));
let inner: Inner;
/** Of an inner engine: its data on the root of its container, where no overlay can be mounted upon the overlay. */
const beside = '--data-root /kept --storage-driver vfs';

beforeAll(async () => {
  inner = await startInner(docker);
  await startInnerEngine(docker, inner);
}, 120_000);
afterAll(() => inner.remove());

describe('F05: an engine in a privileged container', () => {
  test('has the version of the engine outside and keeps its layers on overlay2', async () => {
    expect(await inner.sh("docker version -f '{{.Server.Version}}'")).toBe(
      await docker.ok(['version', '-f', '{{.Server.Version}}']),
    );
    expect(await inner.sh("docker info -f '{{.Driver}}'")).toBe('overlay2');
  });

  test('runs containers, with limits, published ports and the network of their own', async () => {
    const limits =
      'cat /sys/fs/cgroup/memory.max 2>/dev/null || cat /sys/fs/cgroup/memory/memory.limit_in_bytes';
    expect(await inner.sh(`docker run --rm --memory 64m ${probe} sh -c '${limits}'`)).toBe('67108864');
    await inner.sh(
      `docker run -d --name web -p 8080:80 ${probe} sh -c 'while :; do echo hello | nc -l -p 80; done'`,
    );
    expect(
      await inner.sh(
        'for i in 1 2 3 4 5 6 7 8; do nc -w 2 127.0.0.1 8080 </dev/null && exit; sleep 0.2; done',
      ),
    ).toContain('hello');
    await inner.sh('docker rm -f web');
  });

  test('runs --privileged, which is root of this container alone', async () => {
    const script = 'mount -t tmpfs none /mnt && cat /proc/self/uid_map; echo 1 > /proc/sys/vm/drop_caches';
    const result = await inner.exec('docker', 'run', '--rm', '--privileged', probe, 'sh', '-c', script);
    expect(result.stderr).toContain('Permission denied');
    expect(result.stdout.trim().split(/\s+/)).toEqual(
      (await inner.sh('cat /proc/self/uid_map')).split(/\s+/),
    );
  });

  test('its --net=host and --pid=host are those of this container', async () => {
    const links = 'readlink /proc/self/ns/net; readlink /proc/self/ns/pid';
    const ours = await inner.sh(links);
    expect(await inner.sh(`docker run --rm --net=host --pid=host ${probe} sh -c '${links}'`)).toBe(ours);
    expect(await docker.ok(['run', '--rm', probe, 'sh', '-c', links])).not.toBe(ours);
  });

  test('its containers find each other by name on a network', async () => {
    const answer = 'for i in 1 2 3 4 5 6 7 8 9 10; do nc -w 5 server 80 && exit 0; sleep 1; done; exit 1';
    const script = [
      'docker network create named >/dev/null',
      `docker run -d --name server --network named ${probe} sh -c 'echo hello | nc -l -p 80' >/dev/null`,
      `docker run --rm --network named ${probe} sh -c '${answer}'`,
      'docker rm -f server >/dev/null',
      'docker network rm named >/dev/null',
    ];
    expect(await inner.sh(script.join('\n'))).toBe('hello');
  });

  test('pulls from a registry, which runs beside it', async () => {
    await docker.ok([
      'exec',
      '-d',
      inner.name,
      'docker-registry',
      'serve',
      '/etc/docker/registry/config.yml',
    ]);
    const script = [
      `docker tag ${probe} localhost:5000/p`,
      'for i in 1 2 3 4 5 6 7 8 9; do docker push -q localhost:5000/p && break; sleep 0.3; done',
      'docker rmi localhost:5000/p >/dev/null',
      'docker run --rm --pull always -q localhost:5000/p echo pulled',
    ];
    expect(await inner.sh(script.join('\n'))).toMatch(/pulled$/);
  });

  test.each([
    ['BuildKit', '1'],
    ['the classic builder', '0'],
  ])('builds with %s', async (_name, buildkit) => {
    const dockerfile = `FROM ${probe}\nRUN echo built > /built && chown 12:34 /built\n`;
    await inner.sh(
      `printf '${dockerfile.replaceAll('\n', '\\n')}' | DOCKER_BUILDKIT=${buildkit} docker build --no-cache -q -t made - `,
    );
    expect(await inner.sh("docker run --rm made sh -c 'cat /built; stat -c %u:%g /built'")).toBe(
      'built\n12:34',
    );
  });
});

test('its volumes and layers outlive a restart of the container', async () => {
  await inner.sh(
    `docker volume create kept && docker run --rm -v kept:/v ${probe} sh -c 'echo still > /v/f'`,
  );
  await docker.ok(['restart', '-t', '3', inner.name]);
  await startInnerEngine(docker, inner);
  expect(await inner.sh(`docker run --rm -v kept:/v ${probe} cat /v/f`)).toBe('still');
});

test('what an engine keeps beside volumes is in a commit, for a container with other ids', async () => {
  const first = await startInner(docker);
  const image = unique('committed');
  let second: Inner | undefined;
  try {
    await startInnerDaemon(docker, first, beside);
    await giveProbeImage(docker, first);
    await first.sh('docker load -i /probe.tar');
    await first.sh(`docker run --name owner ${probe} sh -c 'touch /mine && chown 12:34 /mine'`);
    await first.sh('kill "$(cat /var/run/docker.pid)"');
    await eventually(() => first.sh('test ! -e /var/run/docker.pid'), 30_000);
    await docker.ok(['commit', first.name, image]);
    second = await startInnerOf(docker, image);
    await startInnerDaemon(docker, second, beside);
    expect(await second.sh('docker start -a owner; docker diff owner')).toBe('A /mine');
    expect(await second.sh(`docker run --rm ${probe} echo kept`)).toBe('kept');
    expect(await second.sh('find /kept/vfs/dir -name mine -exec stat -c %u:%g {} +')).toBe('12:34');
    expect(await second.sh('cat /proc/self/uid_map')).not.toBe(await first.sh('cat /proc/self/uid_map'));
  } finally {
    await second?.remove();
    await first.remove();
    await docker.run(['rmi', image]);
  }
});
