import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { silentReporter } from '../../src/common/reporter.js';
import { buildImage, cacheRoot } from '../../src/image/index.js';

declare module 'vitest' {
  interface ProvidedContext {
    /** Directory of the release image the tests look at. */
    readonly imageDir: string;
    /** Directory of the Debian packages it was made from, unpacked. */
    readonly cacheDir: string;
    readonly projectDir: string;
  }
}

/** Builds the image of this checkout, or finds it built. */
export async function setup(project: TestProject): Promise<void> {
  const projectDir = join(import.meta.dirname, '../..');
  const cacheDir = cacheRoot();
  const { dir } = await buildImage({ projectDir, cacheDir }, silentReporter);
  project.provide('imageDir', dir);
  project.provide('cacheDir', cacheDir);
  project.provide('projectDir', projectDir);
}
