import { lstatSync, readFileSync, statSync } from 'node:fs';
import { chown, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { fileWork, fileWorkLines, shareRows } from '../acceptance/share-rows.ts';
import { attemptImage } from '../support/attempt-image.ts';
import { createDocker, type Docker, probe, unique } from '../support/docker.ts';
import { hostSentinels } from '../support/host-sentinels.ts';
import { type OwnEngine, startOwnEngine } from '../support/own-engine.ts';
import {
  agentMessage,
  isSignature,
  type RealAgent,
  startRealAgent,
  wireString,
} from '../support/real-agent.ts';

/** Rows of the acceptance tables that need directories of the host: one engine, with one of each kind. */
const agentSocket = '/run/host-services/ssh-auth.sock';

let dir: string;
let home: string;
let readOnly: string;
let memory: string;
let linked: string;
let agent: RealAgent;
let engine: OwnEngine;
let docker: Docker;
let before: unknown;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'bulkhead-shares-'));
  [home = '', readOnly = '', memory = '', linked = ''] = ['home', 'ro', 'memory', 'linked'].map((name) =>
    join(dir, name),
  );
  for (const made of [home, readOnly, memory, join(dir, 'real')]) await mkdir(made);
  await symlink(join(dir, 'real'), linked);
  await execa('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'bulkhead-test', memory]);
  await writeFile(join(home, 'file'), 'of the host\n');
  await writeFile(join(dir, 'secret'), 'of nobody else\n');
  await mkdir(join(dir, 'agent'));
  agent = await startRealAgent(join(dir, 'agent'));
  engine = await startOwnEngine('shares', {
    shares: [
      { path: home, readOnly: false },
      { path: readOnly, readOnly: true },
      { path: memory, readOnly: false },
      { path: linked, readOnly: false },
    ],
    sshAgent: { path: agent.socket, owner: 0 },
  });
  docker = createDocker(engine.dockerHost);
  before = await hostSentinels(engine.internals);
});
afterAll(async () => {
  await engine[Symbol.asyncDispose]();
  await agent[Symbol.asyncDispose]();
  await execa('umount', [memory]);
  await rm(dir, { recursive: true, force: true });
});
const sh = async (flags: readonly string[], script: string): Promise<string> =>
  docker.ok(['run', '--rm', ...flags, probe, 'sh', '-c', script]);

test('D07: a shared directory is bound at any depth, by every way', async () => {
  await mkdir(join(home, 'project/src'), { recursive: true });
  await writeFile(join(home, 'project/src/main'), 'code');
  expect(await sh(['-v', `${home}:/mnt`], 'ls /mnt; cat /mnt/project/src/main')).toContain('code');
  const mount = `type=bind,src=${join(home, 'project')},dst=/src`;
  expect(await sh(['--mount', mount], 'cat /src/src/main')).toBe('code');
  expect(await sh(['-v', `${home}/project/../project:/src:ro`], 'cat /src/src/main')).toBe('code');
  const made = await sh(['-v', `${join(home, 'made')}:/src`], 'echo new > /src/file; stat -c %u:%g /src');
  expect(made).toBe('0:0');
  expect(readFileSync(join(home, 'made/file'), 'utf8')).toBe('new\n');
});

test('D07: compose binds the directory of its project', async () => {
  const project = join(home, 'compose');
  await mkdir(project);
  const service = { image: probe, command: ['cat', '/src/compose.yaml'], volumes: ['.:/src:ro'] };
  await writeFile(join(project, 'compose.yaml'), JSON.stringify({ services: { one: service } }));
  const name = unique('shares');
  const { stdout, status } = await docker.run(['compose', '-p', name, 'up', '--no-log-prefix'], {
    cwd: project,
  });
  await docker.ok(['compose', '-p', name, 'down', '-t', '0'], { cwd: project });
  expect(status).toBe(0);
  expect(stdout).toContain('.:/src:ro');
});

test('D07: a share given by a link has both names', async () => {
  expect(await sh(['-v', `${linked}:/a`, '-v', `${join(dir, 'real')}:/b`], 'echo x > /a/y; cat /b/y')).toBe(
    'x',
  );
});

shareRows(() => ({ docker, shared: home, readOnly }));

test.each(['0:0', '1000:1000'])(
  'D09: user %s creates, reads, renames, links and deletes in a shared directory',
  async (user) => {
    const place = join(home, `work-${user.replace(':', '-')}`);
    await mkdir(place);
    const [uid = 0, gid = 0] = user.split(':').map(Number);
    await chown(place, uid, gid);
    const output = await sh(['-u', user, '-v', `${place}:/w`], fileWork);
    expect(output.split('\n')).toEqual(fileWorkLines(user));
    const { uid: owner, gid: group } = statSync(join(place, 'b'));
    expect([owner, group]).toEqual([uid, gid]);
    expect(await sh(['-u', user, '-v', `${place}:/w`], 'rm /w/b; ls /w')).toBe('');
  },
);

test('D09: files of the host keep their owners, and no user is nobody', async () => {
  const place = join(home, 'owned');
  await mkdir(place);
  for (const id of [0, 1000, 65_533]) {
    await writeFile(join(place, String(id)), '');
    await chown(join(place, String(id)), id, id);
  }
  const owners = await sh(['-v', `${place}:/w`], 'stat -c %n:%u:%g /w/*; chown 7:8 /w/0');
  expect(owners.split('\n').sort()).toEqual(['/w/0:0:0', '/w/1000:1000:1000', '/w/65533:65533:65533']);
  expect(statSync(join(place, '0'))).toMatchObject({ uid: 7, gid: 8 });
});

test('S11, S12, S14: a directory, a single file and a tmpfs of the host, with ids one to one', async () => {
  await writeFile(join(home, 'single'), 'before');
  await chown(join(home, 'single'), 12, 34);
  const flags = [
    '-v',
    `${home}:/dir`,
    '-v',
    `${join(home, 'single')}:/file`,
    '-v',
    `${memory}:/memory`,
    '-v',
    `${join(memory, 'below')}:/below`,
  ];
  const script = [
    'stat -c %u:%g /file /dir/single /memory',
    'echo after > /file; cat /dir/single',
    'touch /memory/a /below/b; chown 5:6 /below/b; stat -c %u:%g /memory/below/b',
  ].join('; ');
  expect((await sh(flags, script)).split('\n')).toEqual(['12:34', '12:34', '0:0', 'after', '5:6']);
  expect(readFileSync(join(home, 'single'), 'utf8')).toBe('after\n');
  expect(statSync(join(memory, 'below/b'))).toMatchObject({ uid: 5, gid: 6 });
});

test('device nodes and set-user-ID bits in a shared directory have no effect in containers', async () => {
  await execa('mknod', [join(home, 'disk'), 'b', '254', '0']);
  await execa('mknod', [join(home, 'endless'), 'c', '1', '5']);
  const flags = ['--privileged', '-v', `${home}:/w`];
  const device = await docker.run(['run', '--rm', ...flags, probe, 'head', '-c1', '/w/disk', '/w/endless']);
  expect(device.stderr).toMatch(/disk: Permission denied[^]*endless: Permission denied/);
  const made = await docker.run(['run', '--rm', ...flags, probe, 'mknod', '/w/own', 'c', '1', '5']);
  expect(made.stderr).toContain('Operation not permitted');
  await sh(['-v', `${home}:/w`], 'cp /bin/busybox /w/busybox && chmod 4755 /w/busybox');
  expect(lstatSync(join(home, 'busybox')).mode & 0o7777).toBe(0o4755);
  const use = '/w/busybox id -u; grep " /w " /proc/self/mounts';
  const [user, mount] = (await sh(['-u', '1000', '-v', `${home}:/w`], use)).split('\n');
  expect(user).toBe('1000');
  expect(mount).toMatch(/\bnosuid,nodev\b/);
  const bound = await docker.run(['run', '--rm', '-v', `${join(home, 'disk')}:/d`, probe, 'true']);
  expect(bound.stderr).toContain('it is a block device');
});

describe("D12: the host's ssh agent", () => {
  let image = '';
  beforeAll(async () => {
    image = await attemptImage(docker);
  });
  const said = async (message: string, user = '0'): Promise<Buffer> => {
    const flags = ['--rm', '-u', user, '-v', `${agentSocket}:/agent.sock`];
    const lines = await docker.ok(['run', ...flags, image, 'attempt', 'agent-say', '/agent.sock', message]);
    return Buffer.from(lines.split('\n')[0] ?? '', 'hex');
  };

  test.each(['0', '1000'])('signs for a container that asks for it, as user %s', async (user) => {
    const keys = await said(agentMessage(11), user);
    expect([keys[0], keys.includes(agent.key)]).toEqual([12, true]);
    const data = Buffer.from('of a container');
    const flags = Buffer.alloc(4);
    const answer = await said(agentMessage(13, wireString(agent.key), wireString(data), flags), user);
    expect(isSignature(answer, agent, data)).toBe(true);
    expect(isSignature(answer, agent, Buffer.from('of another'))).toBe(false);
  });

  test.each([
    ['removes no key', agentMessage(18, wireString(Buffer.alloc(51)))],
    ['does not remove all keys', agentMessage(19)],
    ['takes no key', agentMessage(17, wireString(Buffer.from('ssh-ed25519')))],
    ['is not locked', agentMessage(22, wireString(Buffer.from('x')))],
    ['has no extensions', agentMessage(27, wireString(Buffer.from('query')))],
    ['loads no library', agentMessage(20, wireString(Buffer.from('/lib/x.so')), wireString(Buffer.alloc(0)))],
  ])('%s', async (_what, message) => {
    const before = await agent.keys();
    expect(await said(message)).toEqual(Buffer.from([5]));
    expect(await agent.keys()).toBe(before);
    expect(before).toContain('of a test');
  });

  test('one container can not keep it from the others, whatever users it has; nor those that join it', async () => {
    const [holder, joined] = [unique('holder'), unique('joined')];
    const bind = ['-v', `${agentSocket}:/agent.sock`];
    const hold = [image, 'attempt', 'agent-hold', '/agent.sock', '200'];
    const held = async (name: string): Promise<string | undefined> =>
      (await docker.ok(['logs', name])).split('\n').at(-1);
    await docker.ok(['run', '-d', '--name', holder, ...bind, ...hold]);
    try {
      await expect.poll(() => held(holder), { timeout: 20_000 }).toBe('32');
      await docker.ok(['run', '-d', '--name', joined, '--network', `container:${holder}`, ...bind, ...hold]);
      await expect.poll(() => held(joined), { timeout: 20_000 }).toBe('ECONNRESET');
      expect((await said(agentMessage(11)))[0]).toBe(12);
      expect(await held(holder)).toBe('32');
    } finally {
      await docker.run(['rm', '-f', joined, holder]);
    }
  });

  test('is no way to what lies beside its socket', async () => {
    const parent = await docker.run(['run', '--rm', '-v', '/run/host-services:/s', probe, 'ls', '/s']);
    expect(parent.stderr).toContain("can't mount /run/host-services because");
  });
});

test('after all this nothing outside has changed', async () => {
  expect(await hostSentinels(engine.internals)).toEqual(before);
});
