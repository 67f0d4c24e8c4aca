import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { attemptImage } from '../../support/attempt-image.ts';
import { createDocker, type Outcome, unique } from '../../support/docker.ts';
import { engineInternals } from '../../support/engine-internals.ts';
import { startSshAgent } from '../../support/ssh-agent.ts';

/** What BuildKit lends a step for its time alone: an agent of the person who builds, and their secrets. */
const docker = createDocker(inject('dockerHost'));
let context = '';
let base = '';
beforeAll(async () => {
  context = await mkdtemp(join(tmpdir(), 'bulkhead-lent-'));
  base = await attemptImage(docker);
});
afterAll(async () => {
  await docker.run(['rmi', '-f', base]);
  await rm(context, { recursive: true });
});

/** Builds the lines upon the base and shows what their last step wrote to /said. */
async function said(lines: readonly string[], ...flags: string[]): Promise<string> {
  const image = unique('lent');
  await writeFile(join(context, 'Dockerfile'), [`FROM ${base}`, ...lines].join('\n'));
  await docker.ok(['build', '--no-cache', '-t', image, ...flags, context], { env: { DOCKER_BUILDKIT: '1' } });
  try {
    return await docker.ok(['run', '--rm', image, 'cat', '/said']);
  } finally {
    await docker.ok(['rmi', '-f', image]);
  }
}

test('RUN --mount=type=ssh: a step talks to the agent, root or not; no container can bind its socket', async () => {
  const internals = await engineInternals(inject('enginePid'));
  const tried: Outcome[] = [];
  const path = join(context, 'agent');
  await using agent = await startSshAgent(path, async () => {
    const temporary = '/var/lib/docker/tmp';
    const names = await readdir(internals.path(temporary));
    for (const name of names.filter((one) => one.startsWith('.buildkit-ssh-sock'))) {
      for (const source of [`${temporary}/${name}/ssh_auth_sock`, `${temporary}/${name}`, temporary])
        tried.push(await docker.run(['run', '--rm', '-v', `${source}:/lent`, base, 'ls', '-R', '/lent']));
    }
  });
  const lines = [
    'RUN touch /said && chmod 666 /said',
    'RUN --mount=type=ssh attempt agent-keys "$SSH_AUTH_SOCK" >> /said && stat -c %u:%a "$SSH_AUTH_SOCK" >> /said',
    'USER 1000',
    'RUN --mount=type=ssh,uid=1000,mode=0600 attempt agent-keys "$SSH_AUTH_SOCK" >> /said',
    'RUN --mount=type=ssh,mode=0600 attempt agent-keys "$SSH_AUTH_SOCK" >> /said || true',
    'USER 0',
    /* The socket is of its step alone. */
    'RUN echo "agent:$SSH_AUTH_SOCK" >> /said && find / -xdev -type s >> /said',
  ];
  expect(await said(lines, '--ssh', `default=${path}`)).toBe('ok\n0:600\nok\nEACCES\nagent:');
  expect(agent.asked).toBe(2);
  expect(tried.length).toBeGreaterThanOrEqual(6);
  for (const { status, stderr } of tried) {
    expect(status).not.toBe(0);
    expect(stderr).toContain("can't mount");
  }
});

test('RUN --mount=type=secret: as a file with its owner and mode, as a variable; nothing of it is in the image', async () => {
  await writeFile(join(context, 'secret'), 'hush');
  const lines = [
    'RUN touch /said && chmod 666 /said',
    'RUN --mount=type=secret,id=s,target=/lent,uid=1000,mode=0400 stat -c %u:%a /lent > /said && wc -c < /lent >> /said',
    'RUN --mount=type=secret,id=s,env=HUSH printf %s "$HUSH" | wc -c >> /said',
    'USER 1000',
    'RUN --mount=type=secret,id=s,target=/lent,uid=1000,mode=0400 wc -c < /lent >> /said',
    'RUN --mount=type=secret,id=s,target=/lent,mode=0400 cat /lent >> /said || echo refused >> /said',
    'USER 0',
    'RUN echo "variable:$HUSH" >> /said && wc -c < /lent >> /said && grep -rl hush /tmp /run /etc >> /said || true',
  ];
  expect(await said(lines, '--secret', `id=s,src=${join(context, 'secret')}`)).toBe(
    '1000:400\n4\n4\n4\nrefused\nvariable:\n0',
  );
});
