import { afterAll, beforeAll, inject } from 'vitest';
import { kernelFeatureRows, podmanRows } from '../acceptance/inside.ts';
import { createDocker } from '../support/docker.ts';
import { type Inner, startInner } from '../support/inner-engine.ts';
import { instanceAt } from '../support/instance.ts';
import { importTestImage, insideRecipe } from '../support/test-images.ts';

/** On cgroup v2, which the machine that runs the engine tests may not have. Docker-in-Docker's binaries would take half a minute more to load. */
const docker = createDocker(instanceAt(inject('instance')).dockerHost);
const image = (): Promise<string> => importTestImage(docker, insideRecipe);
let inner: Inner;

beforeAll(async () => {
  const flags = ['--tmpfs', '/scratch', '--memory', '256m', '--cpus', '1.7'];
  inner = await startInner(docker, flags, insideRecipe);
}, 600_000);
afterAll(async () => {
  await inner.remove();
  await docker.ok(['rmi', insideRecipe.name]);
});

podmanRows(
  () => docker,
  () => inner,
  false,
);
kernelFeatureRows(
  () => docker,
  () => inner,
  image,
  1.7,
);
