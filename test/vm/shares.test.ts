import {
  copyFileSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  watch,
  writeFileSync,
} from 'node:fs';
import { chown, mkdir, mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { fileWork, fileWorkLines, shareRows } from '../acceptance/share-rows.ts';
import { attemptImage, attemptProgram } from '../support/attempt-image.ts';
import { builtImageDir } from '../support/built-image.ts';
import { createDocker, type Docker, probe, unique } from '../support/docker.ts';
import { expectOthersKept } from '../support/expect-others-kept.ts';
import { expectShareForced, expectSilentShareForced } from '../support/expect-share-forced.ts';
import { expectSharesChange } from '../support/expect-shares-change.ts';
import { gitOnShare, gitWork } from '../support/git-on-share.ts';
import { type Instance, instanceAt, type InstanceId } from '../support/instance.ts';
import { heldBelow } from '../support/share-server.ts';
import {
  agentMessage,
  isSignature,
  type RealAgent,
  startRealAgent,
  wireString,
} from '../support/real-agent.ts';

/**
 * Directories of the host in a VM: one VM, with one of each kind. In the directory whose name is `user` here lies all of its own, its state and sockets too, as in a
 * home directory.
 */
let outer: string;
let home: string;
let readOnly: string;
let linked: string;
let topmost: string;
let id: InstanceId;
let instance: Instance;
let docker: Docker;
let agent: RealAgent;

beforeAll(async () => {
  outer = await mkdtemp(join(tmpdir(), 'bh-shares-'));
  home = join(outer, 'user');
  [readOnly = '', linked = ''] = ['ro', 'linked'].map((name) => join(outer, name));
  topmost = await mkdtemp('/bh-shares-');
  for (const made of [
    join(home, 'run'),
    readOnly,
    join(outer, 'real'),
    join(outer, 'outside'),
    join(outer, 'agent'),
  ])
    await mkdir(made, { recursive: true, mode: 0o700 });
  await symlink(join(outer, 'real'), linked);
  writeFileSync(join(home, 'file'), 'of the host\n');
  writeFileSync(join(outer, 'secret'), 'of nobody else\n');
  id = { name: 'shares', dir: home, image: await builtImageDir() };
  instance = instanceAt(id);
  const shares = [home, `${readOnly}:ro`, linked, topmost].flatMap((share) => ['--share', share]);
  agent = await startRealAgent(join(outer, 'agent'));
  process.env['SSH_AUTH_SOCK'] = agent.socket;
  await instance.up(240, ...shares, '--ssh-agent');
  docker = createDocker(instance.dockerHost);
});
afterAll(async () => {
  const { status, stderr } = await instance.run('down');
  for (const pid of await instance.processes()) process.kill(pid, 'SIGKILL');
  await agent[Symbol.asyncDispose]();
  for (const directory of [outer, topmost]) await rm(directory, { recursive: true, force: true });
  if (status !== 0) throw new Error(`bulkhead down: status ${status}\n${stderr}`);
});
const sh = async (flags: readonly string[], script: string): Promise<string> =>
  docker.ok(['run', '--rm', ...flags, probe, 'sh', '-c', script]);
const place = (name: string): string => {
  const made = join(home, name);
  mkdirSync(made, { mode: 0o755 });
  return made;
};

describe('D07: what is shared', () => {
  test('is bound at the path it has on the host, at any depth, by every way', async () => {
    const project = place('project');
    mkdirSync(join(project, 'src'));
    writeFileSync(join(project, 'src/main'), 'code');
    expect(await sh(['-v', `${home}:/mnt`], 'cat /mnt/file /mnt/project/src/main')).toBe('of the host\ncode');
    expect(await sh(['--mount', `type=bind,src=${project},dst=/src`], 'cat /src/src/main')).toBe('code');
    expect(await sh(['-v', `${home}/project/../project:/src:ro`], 'cat /src/src/main')).toBe('code');
    expect(await sh(['-v', `${join(project, 'src/main')}:/one`], 'cat /one')).toBe('code');
    const made = ['-v', `${join(home, 'made')}:/src`];
    expect(await sh(made, 'echo new > /src/file; stat -c %u:%g /src /src/file')).toBe('0:0\n0:0');
    expect(readFileSync(join(home, 'made/file'), 'utf8')).toBe('new\n');
    expect(await sh(['-v', `${topmost}:/top`], 'echo top > /top/x; cat /top/x')).toBe('top');
    expect(readFileSync(join(topmost, 'x'), 'utf8')).toBe('top\n');
  });

  test('by a link has both names', async () => {
    const flags = ['-v', `${linked}:/a`, '-v', `${join(outer, 'real')}:/b`];
    expect(await sh(flags, 'echo x > /a/y; cat /b/y')).toBe('x');
    expect(readFileSync(join(outer, 'real/y'), 'utf8')).toBe('x\n');
  });

  test('changes on the host as in the container', async () => {
    const name = unique('live');
    const live = place('live');
    await docker.ok(['run', '-d', '--name', name, '-v', `${live}:/w`, probe, 'sleep', '600']);
    try {
      writeFileSync(join(live, 'a'), 'one');
      expect(await docker.ok(['exec', name, 'cat', '/w/a'])).toBe('one');
      writeFileSync(join(live, 'a'), 'one and another');
      // What the guest knows of a file it believes for a second (virtiofsd's --cache auto).
      await expect
        .poll(() => docker.ok(['exec', name, 'cat', '/w/a']), { timeout: 20_000 })
        .toBe('one and another');
      await docker.ok(['exec', name, 'sh', '-c', 'echo two > /w/b']);
      expect(readFileSync(join(live, 'b'), 'utf8')).toBe('two\n');
    } finally {
      await docker.run(['rm', '-f', name]);
    }
  });

  test('a container that watches a directory hears what another changes there, as the host does, and not what the host changes', async () => {
    const name = unique('watcher');
    const watched = place('watched');
    for (const file of ['of-host', 'of-container']) writeFileSync(join(watched, file), '');
    copyFileSync(attemptProgram, join(home, 'attempt'));
    const flags = ['-v', `${watched}:/w`, '-v', `${join(home, 'attempt')}:/attempt:ro`];
    await docker.ok(['run', '-d', '--name', name, ...flags, probe, '/attempt', 'hear', '/w', 'of-container']);
    const said = (): Promise<string> => docker.ok(['logs', name]);
    const heard = new Set<string>();
    const host = watch(watched);
    try {
      await expect.poll(said, { timeout: 30_000 }).toBe('watching');
      writeFileSync(join(watched, 'of-host'), 'changed');
      host.on('change', (_, file) => heard.add(String(file)));
      // The host's change is there, before the other is made.
      const seen = "timeout 60 sh -c 'until grep -q changed /w/of-host; do usleep 100000; done'";
      await sh(['-v', `${watched}:/w`], `${seen} && echo x > /w/of-container`);
      await expect.poll(said, { timeout: 30_000 }).toBe('watching\nof-container\nok');
      await expect.poll(() => heard.has('of-container'), { timeout: 30_000 }).toBe(true);
    } finally {
      host.close();
      await docker.run(['rm', '-f', name]);
    }
  });

  test('stands in the status, and the root is verified as ever', async () => {
    const { shares, guest } = await instance.status();
    expect(shares).toEqual(
      [home, readOnly, linked, topmost].map((path) => ({ path, readOnly: path === readOnly })),
    );
    expect(guest?.rootFilesystem).toEqual({ readonly: true, verity: true });
  });
});

test('D07: of a home directory the state and the sockets of the VM are not seen, nor written', async () => {
  const state = join(home, 'state/bulkhead');
  expect(readdirSync(state)).toContain('shares');
  const script =
    'ls -A /h/state/bulkhead /h/run/bulkhead; touch /h/state/bulkhead/x || echo refused; cat /h/state/bulkhead/shares/data.raw | wc -c';
  const said = await sh(['-v', `${home}:/h`], `(${script}) 2>&1`);
  expect(said).toContain('refused');
  expect(said).not.toMatch(/data\.raw$|docker\.sock|shares\.disk/m);
  expect(said).toMatch(/^0$/m);
  const bound = await docker.run(['run', '--rm', '-v', `${state}/shares:/h`, probe, 'ls', '-A', '/h']);
  expect(bound.stdout).not.toContain('data.raw');
  expect(readdirSync(state)).not.toContain('x');
});

shareRows(() => ({ docker, shared: home, readOnly }));

describe('D09: in a shared directory', () => {
  test.each([
    ['0:0', 'probe'],
    ['1000:1000', 'user'],
    ['7:0', 'other'],
  ])(
    'user %s creates, reads, renames, links and deletes; on the host the files are of who ran `up`',
    async (user, name) => {
      const work = place(`work-${name}`);
      const flags = ['-u', user, '-v', `${work}:/w`];
      expect((await sh(flags, fileWork)).split('\n')).toEqual(fileWorkLines(user));
      const { uid, gid, mode } = statSync(join(work, 'b'));
      expect([uid, gid, mode & 0o7777]).toEqual([process.getuid?.(), process.getgid?.(), 0o600]);
      // As the user of that container, and as root of another, to whom nothing is nobody's.
      expect(await sh(flags, 'ls -n /w | tail -n1 | tr -s " " | cut -d" " -f3,4')).toBe(
        user.replace(':', ' '),
      );
      expect(await sh(['-v', `${work}:/w`], 'stat -c %u:%g /w/b; rm /w/b; ls /w')).toBe('0:0');
    },
  );

  test('root of a container that began as another user writes there as well', async () => {
    const name = unique('exec');
    const both = place('both-users');
    await docker.ok(['run', '-d', '--name', name, '-u', '1000', '-v', `${both}:/w`, probe, 'sleep', '600']);
    try {
      const script = 'echo made > /w/a; chmod 600 /w/a; stat -c %u /w /w/a';
      expect(await docker.ok(['exec', '-u', '0', name, 'sh', '-c', script])).toBe('1000\n1000');
      expect(await docker.ok(['exec', name, 'sh', '-c', 'cat /w/a; echo mine > /w/a'])).toBe('made');
      expect(await docker.ok(['exec', '-u', '0', name, 'sh', '-c', 'cat /w/a; rm /w/a; ls /w'])).toBe('mine');
      const other = await docker.run(['exec', '-u', '1001', name, 'touch', '/w/b']);
      expect(other.stderr).toContain('Permission denied');
    } finally {
      await docker.run(['rm', '-f', name]);
    }
  });

  test('the user of an image owns it', async () => {
    const context = join(outer, 'context');
    const image = unique('shares-user');
    mkdirSync(context);
    writeFileSync(join(context, 'Dockerfile'), `FROM ${probe}\nUSER 4321:1234\n`);
    await docker.ok(['build', '-q', '-t', image, context]);
    const of = place('of-image');
    const script = 'echo x > /w/a; stat -c %u:%g /w /w/a';
    const said = await docker.ok(['run', '--rm', '-v', `${of}:/w`, image, 'sh', '-c', script]);
    expect(said).toBe('4321:1234\n4321:1234');
    await docker.ok(['rmi', image]);
  });

  test('whomever a file belongs to on the host, in the container it is root of that container, and never nobody', async () => {
    const owned = place('owned');
    for (const id of [0, 1000, 65_533]) {
      writeFileSync(join(owned, String(id)), '');
      await chown(join(owned, String(id)), id, id);
    }
    const said = await sh(['-v', `${owned}:/w`], 'chown 7:8 /w/0; stat -c %n:%u:%g /w/*');
    expect(said.split('\n').sort()).toEqual(['/w/0:0:0', '/w/1000:0:0', '/w/65533:0:0']);
    expect(statSync(join(owned, '1000'))).toMatchObject({ uid: 1000, gid: 1000 });
    expect(statSync(join(owned, '0'))).toMatchObject({ uid: 0, gid: 0 });
  });

  test('locks, shared mappings, pipes and sockets work', async () => {
    const files = place('files');
    const image = await attemptImage(docker);
    const attempts = ['flock', 'record-lock', 'shared-mapping', 'unix-socket'];
    const script = [
      ...attempts.map((name) => `attempt ${name} /w/${name}`),
      'mkfifo /w/pipe; echo through > /w/pipe & cat /w/pipe',
    ].join('\n');
    const said = await docker.ok(['run', '--rm', '-v', `${files}:/w`, image, 'sh', '-c', script]);
    expect(said.split('\n')).toEqual(['ok', 'ok', 'ok', 'ok', 'through']);
    expect(readFileSync(join(files, 'shared-mapping'), 'utf8')).toContain('mapped');
  });
});

test('D11: two containers with different ids share a directory as root each', async () => {
  const both = ['-v', `${place('both')}:/w`];
  await sh(both, 'echo first > /w/file');
  expect(await sh(both, 'cat /w/file; echo second > /w/file; rm /w/file; ls /w')).toBe('first');
});

test('D09: a checkout is worked on by git in a container of another user than root, and sound on the host', async () => {
  const checkout = place('checkout');
  const git = await gitOnShare(join(home, 'tools'), '/tools');
  const flags = ['-u', '1000', '-v', `${checkout}:/w`, '-v', `${join(home, 'tools')}:/tools:ro`];
  const said = await sh(flags, `(${gitWork(git)}) 2>&1`);
  // Without the blank before the first, as of all that a command says.
  const changes = ['M src/1', ' D src/2', '?? src/new'];
  expect(said.split('\n')).toEqual([...changes, '1', 'changed', 'two', 'one']);
  const here = (...words: string[]) => execa('git', ['-C', checkout, ...words]);
  expect((await here('status', '--porcelain')).stdout).toBe('');
  expect((await here('fsck', '--strict', '--no-progress')).stdout).toBe('');
  expect((await here('log', '--format=%s')).stdout).toBe('two\none');
});

test('a server lets go of files that containers have looked at', async () => {
  const many = place('many');
  for (let file = 0; file < 1000; file += 1) writeFileSync(join(many, String(file)), '');
  const name = unique('looker');
  const script = 'stat -c %n /w/* | wc -l; echo looked; sleep 600';
  await docker.ok(['run', '-d', '--name', name, '-v', `${many}:/w`, probe, 'sh', '-c', script]);
  try {
    await expect.poll(() => docker.ok(['logs', name]), { timeout: 30_000 }).toBe('1000\nlooked');
    expect(heldBelow(home)).toBeGreaterThan(500);
    await expect.poll(() => heldBelow(home), { timeout: 40_000 }).toBeLessThan(300);
  } finally {
    await docker.run(['rm', '-f', name]);
  }
});

test('a directory comes while the VM runs, by the rules of the others, and goes when no container uses it', () =>
  expectSharesChange(instance, docker, outer));

test('what another engine or VM goes by is not for containers, whichever of the two is there first', () =>
  expectOthersKept(id, instance, docker, outer));

test('one that a container holds goes by force, and the VM goes on', () =>
  expectShareForced(instance, docker, outer));

test('so does one of a VM that does not answer', () => expectSilentShareForced(instance, docker, outer));

describe('D14: a hostile container', () => {
  test('gets nowhere by links it plants in a share, neither through the engine nor through the server', async () => {
    const planted = place('planted');
    const targets = ['/etc', '/', '..', '../..', join(outer, 'outside'), '/proc/1/root'];
    const plant = targets.map((target, index) => `ln -s ${target} /s/link${index}`).join('; ');
    await sh(['-v', `${planted}:/s`], plant);
    for (const [index, target] of targets.entries()) {
      const link = join(planted, `link${index}`);
      expect(lstatSync(link).isSymbolicLink()).toBe(true);
      const { status, stderr } = await docker.run(['run', '--rm', '-v', `${link}:/x`, probe, 'ls', '/x']);
      expect([target, status === 0]).toEqual([target, false]);
      expect(stderr).toContain('a symbolic link lies on the way');
    }
    const script = `cat /s/link4/../secret /s/../secret ${outer}/secret; ls /s/link4/; echo x > /s/link4/x`;
    const { stdout } = await docker.run(['run', '--rm', '-v', `${planted}:/s`, probe, 'sh', '-c', script]);
    expect(stdout).toBe('');
    expect(readdirSync(join(outer, 'outside'))).toEqual([]);
  });

  test('does not climb out of a directory that is moved away above it', async () => {
    const parent = place('parent');
    mkdirSync(join(parent, 'bound/sub'), { recursive: true });
    writeFileSync(join(parent, 'neighbour'), 'not shared with this one');
    const name = unique('climber');
    const script =
      'cd /x/sub; echo ready; while [ -e /x/sub ]; do usleep 10000; done; ls ..; cat ../neighbour ../../secret; echo done';
    const flags = ['-d', '--name', name, '-v', `${parent}/bound:/x`];
    await docker.ok(['run', ...flags, probe, 'sh', '-c', script]);
    try {
      await expect.poll(() => docker.ok(['logs', name]), { timeout: 20_000 }).toContain('ready');
      await sh(['-v', `${parent}:/s`], 'mv /s/bound/sub /s/sub');
      await expect.poll(() => docker.ok(['logs', name]), { timeout: 30_000 }).toContain('done');
      const { stdout } = await docker.run(['logs', name]);
      expect(stdout).toBe('ready\ndone');
    } finally {
      await docker.run(['rm', '-f', name]);
    }
  });

  test('leaves neither device nodes nor set-user-ID programs on the host', async () => {
    const left = place('left');
    const script = [
      'mknod /w/null c 1 3; mknod /w/disk b 254 0',
      'cp /bin/busybox /w/own; chmod 4755 /w/own; chmod 2755 /w/own; chmod 755 /w/own',
      'install -m 4755 /bin/busybox /w/installed',
    ].join('; ');
    const flags = ['--privileged', '-v', `${left}:/w`];
    const { stderr } = await docker.run(['run', '--rm', ...flags, probe, 'sh', '-c', script]);
    expect(stderr.match(/Operation not permitted/g)?.length).toBeGreaterThanOrEqual(4);
    for (const name of readdirSync(left)) {
      const stat = lstatSync(join(left, name));
      expect([name, stat.isFile(), stat.mode & 0o6000]).toEqual([name, true, 0]);
    }
    expect(lstatSync(join(left, 'own')).mode & 0o777).toBe(0o755);
  });
});

test("D12: a container has signatures of the host's ssh agent, and no way to change it", async () => {
  const own = place('agent');
  copyFileSync(attemptProgram, join(own, 'attempt'));
  const data = Buffer.from('of a container');
  const messages = [
    agentMessage(11),
    agentMessage(13, wireString(agent.key), wireString(data), Buffer.alloc(4)),
    agentMessage(19),
  ];
  const flags = ['-u', '1000', '-v', `${own}:/w`, '-v', '/run/host-services/ssh-auth.sock:/agent.sock'];
  const script = messages.map((message) => `/w/attempt agent-say /agent.sock ${message}`).join('; ');
  const [keys, signed, removed] = (await sh(flags, script))
    .split('\n')
    .filter((line) => line !== 'ok')
    .map((line) => Buffer.from(line, 'hex'));
  expect(keys?.includes(agent.key)).toBe(true);
  expect(signed !== undefined && isSignature(signed, agent, data)).toBe(true);
  expect(removed).toEqual(Buffer.from([5]));
  expect(await agent.keys()).toContain('of a test');
  expect((await instance.run('status')).stdout).toMatch(/ssh agent +containers may ask it/);
});
