import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { type Docker, probe } from './docker.ts';
import { type EngineCommand, startEngineCommand } from './engine-command.ts';
import { type Instance, instanceAt, type InstanceId } from './instance.ts';

const policyText = `${JSON.stringify({ configurationFileVersion: 2, bulkhead: { contact: 'Ada' } })}\n`;

/**
 * What another engine or VM of the same user goes by, beside a VM that runs and shares `id.dir`: in there it is not to start, and where it runs already it is hidden in what is
 * shared then.
 *
 * @param outer is not shared, and neither is what is made in it.
 */
export async function expectOthersKept(
  id: InstanceId,
  instance: Instance,
  docker: Docker,
  outer: string,
): Promise<void> {
  const inShare = join(id.dir, 'policy.json');
  const late = join(outer, 'others');
  const policy = join(late, 'policy.json');
  mkdirSync(late);
  for (const file of [inShare, policy]) writeFileSync(file, policyText);
  const refusal = (file: string, directory: string): unknown =>
    expect.stringMatching(
      new RegExp(
        `${file} is a file that governs .*${directory} is shared with them.*down --name ${id.name}.*Ada`,
        's',
      ),
    );
  const { status, stderr } = await instanceAt({ ...id, name: 'second', policy: inShare }).run('up');
  expect([status, stderr]).toEqual([77, refusal(inShare, id.dir)]);
  const words = ['--root', join(id.image, 'root.erofs'), '--policy'];
  // With the settings of the VM's user it would share what that one shares.
  const user = { dir: id.dir, config: join(outer, 'config') };
  const engine = (file: string) => startEngineCommand(user, 'second', ...words, file);
  expect(await (await engine(inShare)).stop()).toEqual([77, refusal(inShare, id.dir)]);

  const running = await engine(policy);
  try {
    expect(running.isUp).toBe(true);
    expect(await instance.share('add', late)).toMatchObject({ status: 0 });
    const script =
      'wc -c < /w/policy.json; echo "{}" > /w/policy.json; mv /w/policy.json /w/x; echo x > /w/y';
    const said = await docker.run(['run', '--rm', '-v', `${late}:/w`, probe, 'sh', '-c', script]);
    expect(said.stdout).toBe('0');
    expect([readFileSync(policy, 'utf8'), readFileSync(join(late, 'y'), 'utf8')]).toEqual([
      policyText,
      'x\n',
    ]);
  } finally {
    await running.stop();
  }
  // It is hidden still, until it is another file.
  await expectUp(engine(policy));
  writeFileSync(`${policy}.new`, policyText);
  renameSync(`${policy}.new`, policy);
  expect(await (await engine(policy)).stop()).toEqual([77, refusal(policy, late)]);
  expect(await instance.share('remove', late)).toMatchObject({ status: 0 });
  await expectUp(engine(policy));
}

async function expectUp(engine: Promise<EngineCommand>): Promise<void> {
  const { isUp, stop } = await engine;
  const [, said] = await stop();
  expect([isUp, isUp ? '' : said]).toEqual([true, '']);
}
