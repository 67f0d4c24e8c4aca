import { join } from 'node:path';
import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { type Docker, probe, unique } from './docker.ts';

/** Made by `make -C test/probes`. */
export const attemptProgram = join(import.meta.dirname, '..', 'probes', 'build', 'attempt');

/** Builds the probe image with the program `attempt` in it and gives its name; whoever asked removes it. */
export async function attemptImage(docker: Docker): Promise<string> {
  const context = await mkdtemp(join(tmpdir(), 'bulkhead-attempt-'));
  const image = unique('attempt');
  try {
    await cp(attemptProgram, join(context, 'attempt'));
    await writeFile(join(context, 'Dockerfile'), `FROM ${probe}\nCOPY attempt /bin/attempt\n`);
    await docker.ok(['build', '-q', '-t', image, context]);
    return image;
  } finally {
    await rm(context, { recursive: true });
  }
}
