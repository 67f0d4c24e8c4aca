import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { buildRefusalRows } from '../../acceptance/builds.ts';
import { createDocker, type Outcome, probe, unique } from '../../support/docker.ts';
import { parseIdMap } from '../../support/id-map.ts';
import { engineRecipe, importTestImage } from '../../support/test-images.ts';

const docker = createDocker(inject('dockerHost'));

async function build(
  dockerfile: string,
  flags: readonly string[],
  env: Record<string, string> = {},
): Promise<Outcome> {
  const context = await mkdtemp(join(tmpdir(), 'bulkhead-build-'));
  try {
    await writeFile(join(context, 'Dockerfile'), dockerfile);
    return await docker.run(['build', '--progress', 'plain', '--no-cache', ...flags, context], { env });
  } finally {
    await rm(context, { recursive: true });
  }
}

buildRefusalRows(() => docker);

/**
 * Debian has no buildkitd. Its stand-in is dockerd's own BuildKit in a container that the driver makes, starts and speaks to as to any:
 * privileged, its state on a volume, one gRPC connection through `docker exec … buildctl dial-stdio`.
 */
describe('F04: the docker-container builder', () => {
  const image = 'moby/buildkit:buildx-stable-1';
  const builder = unique('builder');
  const env = { BUILDKIT_PROGRESS: 'plain' };

  beforeAll(async () => {
    const base = await importTestImage(docker, engineRecipe);
    const daemon = '#!/bin/sh\\nexec dockerd --data-root /var/lib/buildkit/engine >/log 2>&1\\n';
    const control =
      '#!/bin/sh\\nif [ "$1" = dial-stdio ]; then exec docker buildx dial-stdio; fi\\nexec docker version\\n';
    const lines = [
      `FROM ${base}`,
      `RUN printf '${daemon}' > /usr/bin/buildkitd && printf '${control}' > /usr/bin/buildctl && chmod 755 /usr/bin/build*d /usr/bin/buildctl`,
      'ENTRYPOINT ["buildkitd"]',
    ];
    const { status, stderr } = await build(lines.join('\n'), ['-t', image]);
    if (status !== 0) throw new Error(stderr);
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
