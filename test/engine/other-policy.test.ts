import { open, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type AlteredEngine, startAlteredEngine } from '../support/altered-engine.ts';
import { type Docker, probe } from '../support/docker.ts';
import { callEngine } from '../support/engine-api.ts';
import { startOwnEngine } from '../support/own-engine.ts';
import { disjoint, type IdMap, parseIdMap } from '../support/id-map.ts';

/** An engine whose policy has other values than the default: what each key promises, seen from outside. */
let engine: AlteredEngine | undefined;
let docker: Docker;
let dir: string;
const settings = {};
beforeAll(async () => {
  engine = await startAlteredEngine('policy', {
    policy: { idsPerContainer: 131_072, allowPrivileged: false, contact: 'security@example.org' },
    settings,
  });
  ({ docker, dir } = engine);
});
afterAll(async () => engine?.[Symbol.asyncDispose]());
const run = async (...args: string[]): Promise<string> => docker.ok(['run', '--rm', ...args]);

async function build(...lines: string[]): Promise<string> {
  await writeFile(join(dir, 'Dockerfile'), [`FROM ${probe}`, ...lines].join('\n'));
  return docker.ok(['build', '-q', '-f', join(dir, 'Dockerfile'), dir]);
}

describe('idsPerContainer 131072', () => {
  test('a user above 65535 runs and owns what it makes, on a volume too', async () => {
    const script = 'id -u; id -g; touch /tmp/f /v/f && stat -c %u:%g /tmp/f /v/f';
    await run('-v', 'shared:/v', probe, 'chmod', '1777', '/v');
    expect(await run('-u', '100000:131071', '-v', 'shared:/v', probe, 'sh', '-c', script)).toBe(
      '100000\n131071\n100000:131071\n100000:131071',
    );
    /* Another container has another range, and sees the same owner. */
    expect(await run('-v', 'shared:/v', probe, 'stat', '-c', '%u:%g', '/v/f')).toBe('100000:131071');
  });

  test('files of an image that belong to such ids show them, and may be given away', async () => {
    const image = await build('RUN mkdir /d && touch /d/f && chown -R 100000:100001 /d && chmod 700 /d');
    const script = 'stat -c %u:%g /d /d/f && chown 131071 /d/f && stat -c %u /d/f';
    expect(await run(image, 'sh', '-c', script)).toBe('100000:100001\n100000:100001\n131071');
    /* Mode 700: only its owner gets in. */
    expect(await run('-u', '100000', image, 'ls', '/d')).toBe('f');
    expect((await docker.run(['run', '--rm', '-u', '99999', image, 'ls', '/d'])).status).not.toBe(0);
  });

  test('every range is as large, and meets no other', async () => {
    const names = ['one', 'two', 'three'];
    const maps: IdMap[] = [];
    for (const name of names) {
      await docker.ok(['run', '-d', '--name', name, probe, 'sleep', '600']);
      const [users, groups] = await Promise.all(
        ['uid_map', 'gid_map'].map((file) => docker.ok(['exec', name, 'cat', `/proc/self/${file}`])),
      );
      expect(users).toBe(groups);
      maps.push(parseIdMap(users ?? ''));
    }
    await docker.ok(['rm', '-f', ...names]);
    for (const [index, map] of maps.entries()) {
      expect(map).toMatchObject({ inside: 0, size: 131_072 });
      expect(maps.slice(index + 1).every((other) => disjoint(map, other))).toBe(true);
    }
  });

  test('the next id is refused, and the refusal says how many there are', async () => {
    const { status, stderr } = await docker.run(['run', '--rm', '-u', '131072', probe, 'id']);
    expect(status).not.toBe(0);
    expect(stderr).toContain('the container has the ids 0 to 131071');
  });
});

describe('allowPrivileged false', () => {
  test('--privileged is refused, and the refusal names the setting', async () => {
    const { status, stdout, stderr } = await docker.run([
      'run',
      '--rm',
      '--privileged',
      probe,
      'echo',
      'ran',
    ]);
    expect([status, stdout]).toEqual([125, '']);
    expect(stderr).toContain('privileged containers are not allowed here');
    expect(stderr).toContain('bulkhead.allowPrivileged');
    expect(stderr).toContain('security@example.org');
  });

  test('a daemon that was killed decides by the same policy when it is back', async () => {
    await engine?.internals.replace('bulkheadd');
    const attempt = async (): Promise<string> =>
      (await docker.run(['run', '--rm', '--privileged', probe, 'echo', 'ran'])).stderr;
    await expect.poll(attempt, { timeout: 30_000, interval: 200 }).toContain('bulkhead.allowPrivileged');
  });

  test('docker exec --privileged is refused in the same words, and without it served', async () => {
    const name = 'unprivileged';
    await docker.ok(['run', '-d', '--name', name, probe, 'sleep', '600']);
    const { status, stdout, stderr } = await docker.run(['exec', '--privileged', name, 'echo', 'ran']);
    expect([status, stdout]).toEqual([1, '']);
    expect(stderr).toContain('privileged containers are not allowed here');
    expect(stderr).toContain('bulkhead.allowPrivileged');
    const spelt = await callEngine(docker.socket, {
      method: 'POST',
      path: `/containers/${name}/exec`,
      body: { cmd: ['true'], PRIVILEGED: true },
    });
    expect(spelt).toMatchObject({ status: 403 });
    expect(await docker.ok(['exec', name, 'echo', 'ran'])).toBe('ran');
    await docker.ok(['rm', '-f', name]);
  });

  test('capabilities by name are served', async () => {
    expect(
      await run('--cap-add', 'SYS_ADMIN', probe, 'sh', '-c', 'mount -t tmpfs none /mnt && echo mounted'),
    ).toBe('mounted');
  });
});

test('G09, rule off: an image without a policy key takes a policy that nobody signed, and says so', async () => {
  expect((await engine?.health())?.policy).toMatchObject({
    imageKey: null,
    inForce: { serial: null, signedBy: null, expires: null },
  });
});

test('the settings of the user are sealed before the daemon starts, like the policy', async () => {
  const pid = await engine?.internals.pidOf('bulkheadd');
  const descriptors = `/proc/${pid}/fd`;
  expect(await readFile(`${descriptors}/11`, 'utf8')).toBe(JSON.stringify(settings));
  for (const number of [10, 11]) {
    await expect(writeFile(`${descriptors}/${number}`, 'x')).rejects.toThrow(/EPERM/);
  }
});

test('an engine does not start with a policy that is not in order, and says where', async () => {
  // The command looks first; here the daemon has to.
  const file = join(dir, 'broken.json');
  await writeFile(file, '{"configurationFileVersion": 2,\n "bulkhead": {"allowPriviledged": false}}');
  await using policy = await open(file);
  await expect(startOwnEngine('broken', { policy })).rejects.toThrow(
    /:2:15: bulkhead\.allowPriviledged: no setting has this name/,
  );
});
