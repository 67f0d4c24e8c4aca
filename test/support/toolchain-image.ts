import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import type { Docker } from './docker.ts';
import { copyNpm, makeNpmProject } from './npm-project.ts';
import { workshopImage } from './workshop-image.ts';

const manifestSchema = z.looseObject({ dependencies: z.record(z.string(), z.string()) });

/**
 * Git, Node and npm, and in `/toolchain` what this project itself is built with, for `npm ci --offline`: `project` with package.json and a lock file
 * of the packages installed here, because tests reach no registry, and `cache` with those.
 */
export async function toolchainImage(docker: Docker): Promise<string> {
  const context = await mkdtemp(join(tmpdir(), 'bulkhead-toolchain-'));
  const scratch = await mkdtemp(join(tmpdir(), 'bulkhead-tarballs-'));
  try {
    const own = await readFile(join(import.meta.dirname, '../../package.json'), 'utf8');
    const { dependencies, devDependencies: _, ...manifest } = manifestSchema.parse(JSON.parse(own));
    const types = ['@types/dns-packet', '@types/node'];
    const wanted = [...Object.keys(dependencies), ...types, 'esbuild', 'typescript'];
    await makeNpmProject(context, scratch, { wanted, manifest });
    await copyNpm(join(context, 'npm'));
    const dockerfile = [
      `FROM ${await workshopImage(docker)}`,
      'COPY npm /usr/lib/node_modules/npm',
      'RUN ln -s ../lib/node_modules/npm/bin/npm-cli.js /usr/bin/npm',
      'COPY project /toolchain/project',
      'COPY cache /toolchain/cache',
      'ENV HOME=/root',
    ];
    await writeFile(join(context, 'Dockerfile'), dockerfile.join('\n'));
    const image = 'bulkhead-test/toolchain';
    await docker.ok(['build', '-q', '-t', image, context]);
    return image;
  } finally {
    await rm(context, { recursive: true });
    await rm(scratch, { recursive: true });
  }
}
