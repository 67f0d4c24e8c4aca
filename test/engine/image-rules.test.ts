import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { createDocker, type Docker, probe } from '../support/docker.ts';
import { callEngine } from '../support/engine-api.ts';
import { foreignArchive } from '../support/foreign-archive.ts';
import { type SettingsEngine, startSettingsEngine } from '../support/settings-engine.ts';

/**
 * The early answers of `bulkhead.registryAccess` and `bulkhead.imageAccess`: what the engine is not even asked. Neither engine has a way to any registry, so what is permitted
 * fails as it does on the engine without rules, and never in the words of a refusal.
 */
let engine: SettingsEngine | undefined;
let held: Docker;
let free: Docker;

beforeAll(async () => {
  free = createDocker(inject('dockerHost'));
  engine = await startSettingsEngine('image-rules', {
    policy: {
      bulkhead: {
        contact: 'Ada <ada@example.org>',
        registryAccess: { rules: [{ host: 'docker.io' }, { host: 'both.invalid', push: true }] },
        imageAccess: {
          hub: { official: true, verifiedPublishers: true, repositories: ['someuser/allowed'] },
          rules: [{ repository: 'both.invalid/acme/**', action: 'allow' }],
          publishers: { file: 'publishers.json' },
        },
      },
    },
    publishers: {
      publishersVersion: 1,
      serial: 1,
      expires: '2199-01-01T00:00:00Z',
      namespaces: ['grafana'],
    },
  });
  held = engine.docker;
});
afterAll(() => engine?.[Symbol.asyncDispose]());

const registry =
  /Access to blocked\.invalid has been restricted by your administrators.*rule registry-access.*Setting: bulkhead\.registryAccess.*ask Ada <ada@example\.org>/s;
const refused = /has been restricted by your administrators|image access denied/;

describe('docker pull', () => {
  test('of a registry that is not listed is refused, with who to ask', async () => {
    for (const name of [
      'blocked.invalid/x',
      'BLOCKED.invalid:443/x:1',
      `blocked.invalid/x@sha256:${'ab'.repeat(32)}`,
    ]) {
      expect((await held.run(['pull', name])).stderr).toMatch(registry);
      expect((await free.run(['pull', name])).stderr).not.toMatch(refused);
    }
  });

  test('of an image of a category that is off is refused, and of a repository that is listed is not', async () => {
    const community = await held.run(['pull', 'someuser/x:1']);
    expect(community.stderr).toContain(
      'image access denied: community images not allowed: docker.io/someuser/x:1',
    );
    for (const name of ['alpine:3', 'grafana/x', 'someuser/allowed', 'index.docker.io/library/alpine'])
      expect((await held.run(['pull', name])).stderr).not.toMatch(refused);
    expect((await free.run(['pull', 'someuser/x:1'])).stderr).not.toMatch(refused);
  });

  test('of another registry is decided likewise', async () => {
    expect((await held.run(['pull', 'both.invalid/other/x'])).stderr).toContain(
      'image access denied: no rule names its repository',
    );
    expect((await held.run(['pull', 'both.invalid/acme/x'])).stderr).not.toMatch(refused);
  });

  test('in two parts, twice or of all tags is decided as the engine reads it', async () => {
    const ask = async (query: string): Promise<string> =>
      (await callEngine(held.socket, { method: 'POST', path: `/images/create?${query}` })).text;
    expect(await ask('fromImage=someuser%2Fx&tag=1')).toContain('docker.io/someuser/x:1 is refused');
    expect(await ask('fromImage=someuser/x')).toContain('docker.io/someuser/x is refused');
    expect(await ask('fromImage=alpine&fromImage=someuser/x&tag=1')).toContain(
      'docker.io/someuser/x:1 is refused',
    );
    expect(await ask('fromImage=0x7f.1/alpine')).toContain('BH_IMAGE_UNREADABLE');
  });
});

test('docker push is refused where a rule lets pull alone, and not where it lets push', async () => {
  const push = async (docker: Docker, name: string): Promise<string> => {
    await docker.ok(['tag', probe, name]);
    const { stderr } = await docker.run(['push', name]);
    await docker.ok(['rmi', name]);
    return stderr;
  };
  expect(await push(held, 'someuser/allowed:1')).toMatch(
    /Access to registry-1\.docker\.io .*rules\[0\] does not allow to push/s,
  );
  expect(await push(held, 'both.invalid/acme/x:1')).not.toMatch(refused);
  expect(await push(free, 'someuser/allowed:1')).not.toMatch(refused);
});

test('an image out of an archive is refused where the rules say nothing of archives', async () => {
  const archive = join(engine?.dir ?? '', 'image.tar');
  await free.ok(['save', '-o', archive, probe]);
  expect((await held.run(['load', '-i', archive])).stderr).toContain(
    'image access denied: images out of archives not allowed',
  );
  expect((await free.run(['load', '-i', archive])).status).toBe(0);
});

test('nor is one that nobody here has ever seen, and nothing of it is left', async () => {
  const archive = join(engine?.dir ?? '', 'foreign.tar');
  const name = 'foreign.invalid/x:1';
  await writeFile(archive, foreignArchive(name));
  expect((await held.run(['load', '-i', archive])).stderr).toContain(
    'image access denied: images out of archives not allowed',
  );
  expect(await held.ok(['images', '-q', name])).toBe('');
  expect((await free.run(['load', '-i', archive])).status).toBe(0);
  await free.ok(['rmi', name]);
});
