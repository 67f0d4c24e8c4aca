import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { buildRefusalRows } from '../../acceptance/builds.ts';
import { buildBuilderImage } from '../../support/builder-image.ts';
import { createDocker, probe, unique } from '../../support/docker.ts';
import { parseIdMap } from '../../support/id-map.ts';

const docker = createDocker(inject('dockerHost'));

buildRefusalRows(() => docker);

describe('F04: the docker-container builder', () => {
  const image = 'moby/buildkit:buildx-stable-1';
  const builder = unique('builder');
  const env = { BUILDKIT_PROGRESS: 'plain' };

  beforeAll(async () => {
    await buildBuilderImage(docker, image);
    await docker.ok(['buildx', 'create', '--name', builder, '--driver', 'docker-container', docker.host]);
  }, 120_000);
  afterAll(async () => {
    await docker.ok(['buildx', 'rm', '-f', builder]);
    await docker.ok(['rmi', '-f', image]);
  });

  test('builds, isolated like any container, and gives the files back', async () => {
    const context = await mkdtemp(join(tmpdir(), 'bulkhead-build-'));
    try {
      const lines = [
        'FROM scratch AS files',
        'COPY busybox /busybox',
        'FROM files',
        'RUN ["/busybox", "sh", "-c", "cat /proc/self/uid_map > /map"]',
      ];
      const id = await docker.ok(['create', probe]);
      await docker.ok(['cp', `${id}:/bin/busybox`, join(context, 'busybox')]);
      await docker.ok(['rm', id]);
      await writeFile(join(context, 'Dockerfile'), lines.join('\n'));
      const out = join(context, 'out.tar');
      await docker.ok(
        ['buildx', 'build', '--builder', builder, '--output', `type=tar,dest=${out}`, context],
        { env },
      );
      await docker.ok(['import', out, `${builder}:made`]);
      const shown = await docker.ok(['run', '--rm', `${builder}:made`, '/busybox', 'cat', '/map']);
      const builderMap = await docker.ok([
        'exec',
        `buildx_buildkit_${builder}0`,
        'cat',
        '/proc/self/uid_map',
      ]);
      expect(shown.split(/\s+/)).toEqual(builderMap.split(/\s+/));
      expect(parseIdMap(builderMap).base).toBeGreaterThanOrEqual(100_000);
      await docker.ok(['rmi', `${builder}:made`]);
    } finally {
      await rm(context, { recursive: true });
    }
  });
});
