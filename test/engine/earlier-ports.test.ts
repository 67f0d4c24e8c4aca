import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Docker, probe } from '../support/docker.ts';
import { eventually } from '../support/eventually.ts';
import { type SuccessiveEngines, successiveEngines } from '../support/successive-engines.ts';

/** Containers from before `local-only-port-binding`, which the engine starts by itself: one that stays, and one that ends at once, again and again. */
let engines: SuccessiveEngines;
beforeAll(async () => {
  engines = await successiveEngines('ports');
}, 30_000);
afterAll(async () => {
  await engines[Symbol.asyncDispose]();
});

const programs = { stays: 'exec sleep 600', crashes: 'exit 7' };
const stateOf = async (docker: Docker, name: string): Promise<string> =>
  docker.ok(['inspect', '-f', '{{.State.Status}} {{.HostConfig.RestartPolicy.Name}}', name]);

test('G07: containers whose ports were made for every address are stopped, whoever starts them', async () => {
  const before = await engines.start({
    portBindingBehavior: { locked: true, value: 'default-port-binding' },
  });
  for (const [name, program] of Object.entries(programs))
    await before.docker.ok([
      'run',
      '-d',
      '--restart=always',
      '--publish=0.0.0.0::80',
      `--name=${name}`,
      probe,
      'sh',
      '-c',
      program,
    ]);
  // Without the rule both go on.
  await eventually(async () => {
    const starts = await before.docker.ok(['inspect', '-f', '{{.RestartCount}}', 'crashes']);
    expect(Number(starts)).toBeGreaterThan(2);
  }, 30_000);
  expect(await stateOf(before.docker, 'stays')).toBe('running always');

  const { docker } = await engines.start({
    portBindingBehavior: { locked: true, value: 'local-only-port-binding' },
  });
  for (const name of Object.keys(programs)) {
    await eventually(async () => {
      expect([name, await stateOf(docker, name)]).toEqual([name, 'exited always']);
    }, 60_000);
    expect((await docker.run(['start', name])).stderr).toContain('made with port 80/tcp on 0.0.0.0');
  }
}, 180_000);
