import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import { createServer as createTcp, type Server } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startWorld, type World, worldAddress } from '../support/host-world.ts';
import { type PolicyEngine, startPolicyEngine } from '../support/policy-engine.ts';
import { pushIndex } from '../support/pushed-index.ts';
import { startWorldRegistries, type WorldRegistries } from '../support/world-registries.ts';

/** What servers say, or clients begin with, where registries count: each is tried where the one rule is for it, and where it is not. */
const host = 'registry.test';
let world: World;
let registries: WorldRegistries;
let engine: PolicyEngine;
let denied = { index: '', part: '' };
/** A proxy that a rule names, and a server that answers as it is told, by its port. */
let [namedPort, answeringPort] = [0, 0];
let answer: (path: string, response: ServerResponse) => void = (_, response) => response.end();
const undo = new AsyncDisposableStack();

async function listen(server: Server): Promise<number> {
  server.listen(0, worldAddress);
  await once(server, 'listening');
  undo.defer(() => void server.close());
  const address = server.address();
  return typeof address === 'object' ? (address?.port ?? 0) : 0;
}

beforeAll(async () => {
  world = undo.use(await startWorld());
  registries = undo.use(await startWorldRegistries(worldAddress, { [host]: { kind: 'registry' } }));
  const at = { address: worldAddress, host };
  denied = await pushIndex(at, 'denied/tool');
  // The same, where no rule is for it.
  await pushIndex(at, 'others/tool');
  answeringPort = await listen(createServer(({ url = '' }, response) => answer(url, response)));
  namedPort = await listen(createTcp((socket) => socket.on('error', () => undefined).end('hello\n')));
  const registryAccess = { rules: [{ host }] };
  const imageAccess = {
    default: 'allow',
    load: 'allow',
    rules: [{ repository: `${host}/denied/*`, action: 'deny', digests: [denied.index] }],
  };
  const networkAccess = {
    default: 'allow',
    rules: [{ to: `${worldAddress}:${namedPort}`, action: 'allow' }],
  };
  const bulkhead = { registryAccess, imageAccess, networkAccess };
  engine = undo.use(
    await startPolicyEngine('answers', world, { bulkhead }, { certificates: registries.certificates }),
  );
});
afterAll(() => undo[Symbol.asyncDispose]());

describe('a server that is asked whether it is a registry', () => {
  const reached = async (name: string): Promise<boolean> =>
    (await engine.inContainer(`wget -q -T 10 -O - http://${name}:${answeringPort}/page`)) === 'page';
  const site: typeof answer = (path, response) =>
    path === '/page' ? response.end('page') : response.writeHead(404).end();
  const down: typeof answer = (path, response) =>
    path === '/page' ? response.end('page') : response.writeHead(503).end();
  const registry: typeof answer = (_, response) => response.end('{}');

  test('and has a fault then is not reached, and a site as soon as it answers as one', async () => {
    answer = down;
    expect(await reached('site.test')).toBe(false);
    await engine.lastSaid(
      /asked whether it is a registry it can’t answer now.*rule registry-access.*it@example\.com/,
    );
    answer = site;
    expect(await reached('site.test')).toBe(true);
  });

  test('and is one that was down is recognised once it is back', async () => {
    answer = down;
    expect(await reached('back.test')).toBe(false);
    answer = registry;
    expect(await reached('back.test')).toBe(false);
    await engine.lastSaid(/is a registry that is not listed \(rule registry-access\)/);
    // Whatever it says from now on.
    answer = site;
    expect(await reached('back.test')).toBe(false);
  });

  test('and refuses to be is one where it does not refuse a path nobody has', async () => {
    answer = (path, response) => response.writeHead(path === '/v2/' ? 403 : 404).end();
    expect(await reached('hidden.test')).toBe(false);
    await engine.lastSaid(/is a registry that is not listed \(rule registry-access\)/);
    answer = (path, response) => (path === '/page' ? response.end('page') : response.writeHead(403).end());
    expect(await reached('shut.test')).toBe(true);
  });
});

test('what an index has in it that a rule denies is denied by its own digest, and elsewhere is pulled', async () => {
  const { docker } = engine;
  const image = `${host}/denied/tool@${denied.part}`;
  const input = `FROM ${image}\nLABEL a=b\n`;
  for (const { status, stderr } of [
    await docker.run(['pull', '-q', image]),
    await docker.run(['build', '-q', '-'], { input }),
  ])
    expect([status === 0, stderr]).toEqual([
      false,
      expect.stringMatching(
        /image access denied: a rule denies an image it is a part of: registry\.test\/denied\/tool@sha256:.* rule image-access \(bulkhead\.imageAccess\.rules\[0\]\)\. Setting: bulkhead\.imageAccess\..*it@example\.com/,
      ),
    ]);
  await docker.ok(['pull', '-q', `${host}/others/tool@${denied.part}`]);
});

test.each([
  ['SOCKS 4', '\\4\\1\\0\\120\\306\\63\\144\\7\\0'],
  ['SOCKS 5', '\\5\\1\\0'],
  ['PROXY', 'PROXY TCP4 198.51.100.7 198.51.100.8 1024 443\\r\\n'],
  ['PROXY', '\\r\\n\\r\\n\\0\\r\\nQUIT\\n\\41\\21\\0\\14\\306\\63\\144\\7\\306\\63\\144\\10\\4\\0\\1\\273'],
])(
  'who begins with %s, which leads on, is refused, but at a proxy that a rule names',
  async (protocol, opening) => {
    const open = (port: number): string =>
      `(printf '${opening}'; sleep 1) | nc -w 5 ${worldAddress} ${port} | head -c 5`;
    expect(await engine.inContainer(open(world.port))).toBe('');
    await engine.lastSaid(
      new RegExp(
        `somebody else \\(${protocol}\\), as one asks a proxy.*rule outside-proxies.*it@example\\.com`,
      ),
    );
    expect(await engine.inContainer(open(namedPort))).toBe('hello');
  },
);
