import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { withControl } from '../support/control.ts';
import { type Docker, probe } from '../support/docker.ts';
import { eventually } from '../support/eventually.ts';
import { type SettingsEngine, startSettingsEngine } from '../support/settings-engine.ts';

/**
 * The setting `proxy`, with a proxy that lets nobody through and prints what it was asked. It is in the engine's network, which nothing leads out of: so its port is
 * nobody else's.
 */
const password = 's3cret^word';
const port = '3128';
const refusal = String.raw`printf 'HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\nConnection: close\r\n\r\n'`;
const inTime = 60_000;
let engine: SettingsEngine | undefined;
let docker: Docker;

beforeAll(async () => {
  engine = await startSettingsEngine('proxy', {
    policy: {
      proxy: {
        locked: true,
        mode: 'manual',
        // As a person may write it: without a scheme, the password unencoded.
        https: `ada:${password}@127.0.0.1:${port}`,
        exclude: ['direct.invalid'],
      },
    },
    user: { proxy: { mode: 'manual', https: 'http://users.invalid:1' } },
  });
  ({ docker } = engine);
  const server = ['sh', '-c', `while :; do ${refusal} | nc -l -p ${port}; done`];
  const published = `127.0.0.1:${port}:${port}`;
  await docker.ok(['run', '-d', '--name', 'proxy', '-p', published, probe, ...server]);
});
afterAll(async () => {
  await engine?.[Symbol.asyncDispose]();
});

/** What the proxy was asked, once it was asked for this registry. */
async function requestFor(registry: string): Promise<string> {
  return eventually(async () => {
    const said = await docker.ok(['logs', 'proxy']);
    const request = said.split('CONNECT ').find((each) => each.startsWith(`${registry}:443 `));
    if (request === undefined) throw new Error(`the proxy was not asked for ${registry}:\n${said}`);
    return request;
  }, inTime);
}

test('what the engine pulls is asked for by way of the proxy, with who asks', async () => {
  expect((await docker.run(['pull', '-q', 'direct.invalid/one'])).stderr).toMatch(/lookup direct\.invalid/);
  // Until somebody listens again, the engine is told that the connection was refused.
  await eventually(async () => {
    await docker.run(['pull', '-q', 'pulled.invalid/one']);
    expect(await docker.ok(['logs', 'proxy'])).toContain('pulled.invalid');
  }, inTime);
  const credentials = Buffer.from(`ada:${password}`).toString('base64');
  expect(await requestFor('pulled.invalid')).toContain(`Proxy-Authorization: Basic ${credentials}`);
  expect(await docker.ok(['logs', 'proxy'])).not.toContain('direct.invalid');
});

test.each([
  ['0', 'classic.invalid'],
  ['1', 'buildkit.invalid'],
])('so is the base of a build: DOCKER_BUILDKIT=%s', async (DOCKER_BUILDKIT, registry) => {
  const dir = engine?.dir ?? '';
  await writeFile(join(dir, 'Dockerfile'), `FROM ${registry}/base\n`);
  await eventually(async () => {
    await docker.run(['build', '-q', dir], { env: { DOCKER_BUILDKIT } });
    expect(await docker.ok(['logs', 'proxy'])).toContain(registry);
  }, inTime);
  await requestFor(registry);
});

test('no password of it is told to anybody', async () => {
  const told = await docker.ok(['info', '--format', '{{json .}}']);
  expect(told).toContain(`"HttpsProxy":"http://xxxxx:xxxxx@127.0.0.1:${port}"`);
  const lines = await withControl(engine?.controlSocket ?? '', async (channel) => {
    const all: string[] = [];
    for await (const line of channel.logs({}, AbortSignal.timeout(inTime))) all.push(line);
    return all.join('\n');
  });
  // The engine's own words are there, or finding nothing says nothing.
  expect(lines).toContain('dockerd');
  for (const text of [told, lines])
    for (const form of [password, encodeURIComponent(password)]) expect(text).not.toContain(form);
});
