import { afterAll, beforeAll, inject } from 'vitest';
import { kernelFeatureRows, podmanRows } from '../../acceptance/inside.ts';
import { createDocker } from '../../support/docker.ts';
import { type Inner, startInner } from '../../support/inner-engine.ts';
import { engineRecipe, importTestImage } from '../../support/test-images.ts';

const docker = createDocker(inject('dockerHost'));
let inner: Inner;

beforeAll(async () => {
  inner = await startInner(docker, ['--tmpfs', '/scratch', '--memory', '256m', '--cpus', '0.7']);
}, 120_000);
afterAll(() => inner.remove());

podmanRows(
  () => docker,
  () => inner,
  true,
);
kernelFeatureRows(
  () => docker,
  () => inner,
  () => importTestImage(docker, engineRecipe),
  0.7,
);
