import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, inject, test } from 'vitest';
import { type EngineCommand, startEngineCommand } from '../support/engine-command.ts';

/** Engines of one user beside each other: what one goes by, containers of another are not to have. */
let dir = '';
let policy = '';
let running: EngineCommand[] = [];
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'bh-other-'));
  policy = join(dir, 'project/policy.json');
  for (const made of ['project', 'run']) await mkdir(join(dir, made), { mode: 0o700 });
  await writeFile(policy, '{"configurationFileVersion": 2, "bulkhead": {"contact": "Ada"}}');
});
afterEach(async () => {
  for (const engine of running) await engine.stop();
  running = [];
  await rm(dir, { recursive: true });
});

async function engine(name: string, ...words: readonly string[]): Promise<EngineCommand> {
  const started = await startEngineCommand(
    { dir },
    `${name}-${process.pid}`,
    '--root',
    inject('testedRoot'),
    ...words,
  );
  running.push(started);
  return started;
}

test('a policy in what a running engine shares is nobody’s to go by', async () => {
  const first = await engine('one', '--share', join(dir, 'project'));
  expect(first.isUp).toBe(true);
  const [status, said] = await (await engine('two', '--policy', policy)).stop();
  expect(status).toBe(77);
  expect(said).toContain('error BH_PLACE_SHARED');
  expect(said).toContain(`${policy} is a file that governs engines and VMs`);
  expect(said).toMatch(/rule places-of-others.*bulkhead\.shares.*End that engine first\..*Ada/s);
  await first.stop();
  expect((await engine('two', '--policy', policy)).isUp).toBe(true);
}, 60_000);

test('a directory with the policy of a running engine is nobody’s to share', async () => {
  expect((await engine('two', '--policy', policy)).isUp).toBe(true);
  const [status, said] = await (await engine('one', '--share', join(dir, 'project'))).stop();
  expect([status, said]).toEqual([77, expect.stringContaining('error BH_SHARE_PROTECTED')]);
  expect(said).toContain('a file that governs engines and VMs');
  const beside = join(dir, 'beside');
  await mkdir(beside);
  expect((await engine('one', '--share', beside)).isUp).toBe(true);
}, 60_000);
