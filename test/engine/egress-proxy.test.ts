import { createServer, type Server } from 'node:http';
import { once } from 'node:events';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startWorld, type World, worldAddress } from '../support/host-world.ts';
import { type PolicyEngine, startPolicyEngine } from '../support/policy-engine.ts';
import { type Proxy, startHttpProxy, startSocksProxy } from '../support/proxies.ts';

/** Where containers may connect is decided by a proxy auto-configuration file: one of the policy, and one that its server does not have. */
let world: World;
let web: Server;
let webPort = 0;
let http: Proxy;
let socks: Proxy;
let engine: PolicyEngine;
let lost: PolicyEngine;

const file = (): string => `function FindProxyForURL(url, host) {
  if (host === 'reject.test') return 'PROXY reject.docker.internal:1';
  if (host === 'http.test') return 'PROXY ${worldAddress}:${http.port}';
  if (host === 'socks.test') return 'SOCKS5 ${worldAddress}:${socks.port}';
  if (host === 'gone.test') return 'PROXY ${worldAddress}:1; DIRECT';
  if (url.indexOf('/secret') >= 0) return 'PROXY reject.docker.internal:1';
  return 'DIRECT';
}`;

beforeAll(async () => {
  world = await startWorld();
  web = createServer((request, response) =>
    request.url?.endsWith('.pac') === true
      ? void response.writeHead(404).end()
      : void response.end(`web ${request.url}\n`),
  );
  web.listen(0, worldAddress);
  await once(web, 'listening');
  const address = web.address();
  webPort = typeof address === 'object' ? (address?.port ?? 0) : 0;
  http = await startHttpProxy(worldAddress);
  socks = await startSocksProxy(worldAddress);
  const containersProxy = { locked: true, mode: 'manual', transparentPorts: '*' };
  engine = await startPolicyEngine('egress-pac', world, {
    containersProxy: { ...containersProxy, embeddedPac: file() },
  });
  lost = await startPolicyEngine('egress-lost', world, {
    containersProxy: { ...containersProxy, pac: `http://${worldAddress}:${webPort}/proxy.pac` },
  });
});
afterAll(async () => {
  for (const each of [engine, lost, http, socks]) await each[Symbol.asyncDispose]();
  web.closeAllConnections();
  web.close();
  await world[Symbol.asyncDispose]();
});

const hear = (host: string): string => `nc -w 10 ${host} ${world.port} < /dev/null | head -n 1`;

test('H12: a file rejects, lets go directly, and leads through proxies of both kinds', async () => {
  const before = world.connections();
  expect(await engine.inContainer(hear('reject.test'))).toBe('');
  expect(engine.said.at(-1)).toMatch(/rejects it.*containersProxy.*it@example\.com/);
  expect(world.connections()).toBe(before);
  expect(await engine.inContainer(hear('plain.test'))).toContain('hello');
  expect([http.asked(), socks.asked()]).toEqual([[], []]);
  expect(await engine.inContainer(hear('http.test'))).toContain('hello');
  expect(await engine.inContainer(hear('socks.test'))).toContain('hello');
  const destination = `${worldAddress}:${world.port}`;
  expect([http.asked(), socks.asked()]).toEqual([[destination], [destination]]);
  // A proxy that is not there, and the next way.
  expect(await engine.inContainer(hear('gone.test'))).toContain('hello');
});

test('H12: through a proxy both directions carry what they are given, and each ends for itself', async () => {
  // Its first byte is one of no text: what could still become a request of HTTP is waited for.
  const script = `nslookup -type=a http.test > /dev/null; (printf '\\1'; head -c 2999999 /dev/zero | tr '\\0' x; sleep 1) | nc -w 10 http.test ${world.port} | wc -c`;
  // The greeting, and all of it back.
  const greeting = `hello ::ffff:${worldAddress}\n`.length;
  expect(Number(await engine.inContainer(script))).toBe(3_000_000 + greeting);
});

test('H13: a file that can’t be had lets nothing out, not even directly', async () => {
  const before = world.connections();
  expect(await lost.inContainer(hear('plain.test'))).toBe('');
  expect(lost.said.at(-1)).toMatch(/could not be loaded from http.*the answer is 404/);
  expect(world.connections()).toBe(before);
});

test('H14: a file sees no path, so that a rule about one is of no effect, as documented', async () => {
  const script = `printf 'GET /secret HTTP/1.0\\r\\nHost: plain.test\\r\\n\\r\\n' | nc -w 10 plain.test ${webPort} | tail -n 1`;
  expect(await engine.inContainer(script)).toBe('web /secret');
});

test('what the engine asks registries for goes by the proxy that is set for it, though it ends at the gateway', async () => {
  const address = `http://${worldAddress}:${http.port}`;
  const ways = { http: address, https: address };
  await using behind = await startPolicyEngine(
    'egress-behind',
    world,
    {
      proxy: { locked: true, mode: 'manual', ...ways },
      bulkhead: { registryAccess: { rules: [{ host: 'plain.test' }] } },
    },
    { engineProxy: ways },
  );
  const before = http.asked().length;
  expect((await behind.docker.run(['pull', 'plain.test/x'])).status).toBe(1);
  expect(new Set(http.asked().slice(before))).toEqual(new Set(['plain.test:443']));
});

test('a name the file rejects is not reached by its address, nor under another that has it', async () => {
  const ask = async (asked: string, ...resolved: readonly string[]): Promise<string> =>
    engine.inContainer(
      [
        ...resolved.map((name) => `nslookup -type=a ${name} > /dev/null`),
        `printf 'GET / HTTP/1.0\\r\\nHost: ${asked}\\r\\n\\r\\n' | nc -w 10 ${worldAddress} ${webPort} | tail -n 1`,
      ].join('; '),
    );
  expect(await ask('reject.test')).toBe('');
  expect(engine.said.at(-1)).toMatch(/rejects it/);
  expect(await ask('reject.test', 'reject.test', 'plain.test')).toBe('');
  // What it asks for is all that is in the way.
  expect(await ask('plain.test', 'plain.test', 'reject.test')).toBe('web /');
});
