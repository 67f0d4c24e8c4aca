import { createServer, type Server } from 'node:http';
import { once } from 'node:events';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { eventually } from '../support/eventually.ts';
import { startWorld, type World, worldAddress } from '../support/host-world.ts';
import { type PolicyEngine, startPolicyEngine } from '../support/policy-engine.ts';
import { type Proxy, startHttpProxy, startSocksProxy } from '../support/proxies.ts';
import { shownBy } from '../support/tls-registry.ts';

/** Where containers may connect is decided by a proxy auto-configuration file: one of the policy, and one that its server does not have. */
let world: World;
let web: Server;
let webPort = 0;
let http: Proxy;
let socks: Proxy;
let engine: PolicyEngine;
let lost: PolicyEngine;
let hung: PolicyEngine;
let free: PolicyEngine;
/** Whether the server of the file answers. */
let hangs = true;

const file = (): string => `function FindProxyForURL(url, host) {
  if (host === 'reject.test') return 'PROXY reject.docker.internal:1';
  if (host === 'http.test') return 'PROXY ${worldAddress}:${http.port}';
  if (host === 'socks.test') return 'SOCKS5 ${worldAddress}:${socks.port}';
  if (host === 'gone.test') return 'PROXY ${worldAddress}:1; DIRECT';
  if (url.indexOf('/secret') >= 0) return 'PROXY reject.docker.internal:1';
  return 'DIRECT';
}`;

async function portOf(server: Server): Promise<number> {
  server.listen(0, worldAddress);
  await once(server, 'listening');
  const address = server.address();
  return typeof address === 'object' ? (address?.port ?? 0) : 0;
}

function endOf(server: Server): void {
  server.closeAllConnections();
  server.close();
}

beforeAll(async () => {
  world = await startWorld();
  web = createServer((request, response) => {
    if (request.url === '/hangs.pac') {
      if (!hangs) response.end(file());
    } else if (request.url?.endsWith('.pac') === true) response.writeHead(404).end();
    else response.end(`web ${request.url}\n`);
  });
  webPort = await portOf(web);
  http = await startHttpProxy(worldAddress);
  socks = await startSocksProxy(worldAddress);
  const containersProxy = { locked: true, mode: 'manual', transparentPorts: '*' };
  engine = await startPolicyEngine('egress-pac', world, {
    containersProxy: { ...containersProxy, embeddedPac: file() },
  });
  lost = await startPolicyEngine('egress-lost', world, {
    containersProxy: { ...containersProxy, pac: `http://${worldAddress}:${webPort}/proxy.pac` },
  });
  hung = await startPolicyEngine('egress-hung', world, {
    containersProxy: { ...containersProxy, pac: `http://${worldAddress}:${webPort}/hangs.pac` },
  });
  free = await startPolicyEngine('egress-proxy-free', world, {});
});
afterAll(async () => {
  for (const each of [engine, lost, hung, free, http, socks]) await each[Symbol.asyncDispose]();
  endOf(web);
  await world[Symbol.asyncDispose]();
});

const hear = (host: string): string => `nc -w 10 ${host} ${world.port} < /dev/null | head -n 1`;

test('H12: a file rejects, lets go directly, and leads through proxies of both kinds', async () => {
  const before = world.connections();
  expect(await engine.inContainer(hear('reject.test'))).toBe('');
  await engine.lastSaid(/rejects it.*containersProxy.*it@example\.com/);
  expect(world.connections()).toBe(before);
  expect(await engine.inContainer(hear('plain.test'))).toContain('hello');
  expect([http.asked(), socks.asked()]).toEqual([[], []]);
  expect(await engine.inContainer(hear('http.test'))).toContain('hello');
  expect(await engine.inContainer(hear('socks.test'))).toContain('hello');
  const destination = `${worldAddress}:${world.port}`;
  expect([http.asked(), socks.asked()]).toEqual([[destination], [destination]]);
  // A proxy that is not there, and the next way.
  expect(await engine.inContainer(hear('gone.test'))).toContain('hello');
  // With the rules off.
  expect(await free.inContainer(`${hear('reject.test')}; ${hear('http.test')}`)).toMatch(/^hello .*\nhello /);
  expect([http.asked(), socks.asked()]).toEqual([[destination], [destination]]);
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
  await lost.lastSaid(/could not be loaded from http.*the answer is 404/);
  expect(world.connections()).toBe(before);
  expect(await free.inContainer(hear('plain.test'))).toContain('hello');
});

test('H13: of a server that does not answer nothing gets out, and who asks is told so, until it does', async () => {
  const before = world.connections();
  expect(await hung.inContainer(hear('plain.test'))).toBe('');
  await hung.lastSaid(
    /could not be loaded from http.*did not answer within 10000 ms.*containersProxy.*it@example\.com/,
  );
  expect(world.connections()).toBe(before);
  hangs = false;
  await eventually(async () => expect(await hung.inContainer(hear('plain.test'))).toContain('hello'), 60_000);
  // The file holds then.
  expect(await hung.inContainer(hear('reject.test'))).toBe('');
}, 120_000);

const get = (host: string, port = webPort): string =>
  `printf 'GET /got HTTP/1.0\\r\\nHost: ${host}\\r\\n\\r\\n' | nc -w 10 ${host} ${port} | tail -n 1`;

test('a proxy for plain HTTP and one for everything else, each with what it wants, for the ports that are listed alone', async () => {
  await using plain = await startHttpProxy(worldAddress, { user: 'acme:p w/d' });
  await using secret = await startHttpProxy(worldAddress, { tls: shownBy(worldAddress) });
  const other = createServer((_, response) => void response.end('other\n'));
  using _ended = { [Symbol.dispose]: () => endOf(other) };
  const otherPort = await portOf(other);
  await using led = await startPolicyEngine('egress-manual', world, {
    containersProxy: {
      locked: true,
      mode: 'manual',
      http: `http://acme:p%20w%2Fd@${worldAddress}:${plain.port}`,
      https: `https://${worldAddress}:${secret.port}`,
      exclude: ['near.test', '*.below.test'],
      transparentPorts: `${webPort},${world.port}-${world.port}`,
    },
  });
  expect(await led.inContainer(get('plain.test'))).toBe('web /got');
  expect(plain.asked()).toEqual([`${worldAddress}:${webPort}`]);
  // What is excluded goes directly, and so does what is below it where that is said; of `*.x` not itself.
  expect(await led.inContainer(`${get('near.test')}; ${get('a.near.test')}; ${get('a.below.test')}`)).toBe(
    'web /got\nweb /got\nweb /got',
  );
  expect(plain.asked()).toHaveLength(1);
  expect(await led.inContainer(get('below.test'))).toBe('web /got');
  expect(plain.asked()).toHaveLength(2);
  // Of another port nobody is asked.
  expect(await led.inContainer(get('plain.test', otherPort))).toBe('other');
  expect(plain.asked()).toHaveLength(2);
  // What is no plain HTTP goes by the other, which shows a certificate of nobody this machine knows.
  const before = world.connections();
  expect(await led.inContainer(hear('plain.test'))).toBe('');
  await led.lastSaid(/was not reached: 198\.[\d.:]+: .*certificate/);
  expect([secret.asked(), world.connections()]).toEqual([[], before]);
}, 120_000);

test('a proxy that wants a password leads nobody who has none, or another', async () => {
  await using guarded = await startHttpProxy(worldAddress, { user: 'acme:right' });
  await using led = await startPolicyEngine('egress-password', world, {
    containersProxy: {
      locked: true,
      mode: 'manual',
      http: `http://acme:wrong@${worldAddress}:${guarded.port}`,
      https: `http://${worldAddress}:${guarded.port}`,
      exclude: [],
      transparentPorts: '*',
    },
  });
  const before = world.connections();
  expect(await led.inContainer(get('plain.test'))).toBe('');
  await led.lastSaid(/it does not take the user and the password \(407\)/);
  expect(await led.inContainer(hear('plain.test'))).toBe('');
  await led.lastSaid(/it wants a user and a password \(407\)/);
  expect(led.said.join()).not.toContain('wrong');
  expect([guarded.asked(), world.connections()]).toEqual([[], before]);
}, 120_000);

test('mode system is what the host does: its proxies, and directly what they are not for', async () => {
  await using proxy = await startHttpProxy(worldAddress);
  await using led = await startPolicyEngine(
    'egress-system',
    world,
    { containersProxy: { locked: true, mode: 'system', transparentPorts: `${webPort},${world.port}` } },
    { system: { http: `http://${worldAddress}:${proxy.port}`, exclude: 'near.test' } },
  );
  expect(await led.inContainer(`${get('plain.test')}; ${get('near.test')}`)).toBe('web /got\nweb /got');
  expect(proxy.asked()).toEqual([`${worldAddress}:${webPort}`]);
  // It has none for what is no plain HTTP.
  expect(await led.inContainer(hear('plain.test'))).toContain('hello');
  expect(proxy.asked()).toHaveLength(1);
}, 120_000);

test('H14: a file sees no path, so that a rule about one is of no effect, as documented', async () => {
  const secret = (host: string): string => get(host).replace('/got', '/secret');
  expect(await engine.inContainer(secret('plain.test'))).toBe('web /secret');
  // The file decides of the same request by what it sees, the name.
  expect(await engine.inContainer(secret('reject.test'))).toBe('');
  await engine.lastSaid(/rejects it/);
  // With the rules off.
  for (const host of ['plain.test', 'reject.test'])
    expect(await free.inContainer(secret(host))).toBe('web /secret');
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
  await engine.lastSaid(/rejects it/);
  expect(await ask('reject.test', 'reject.test', 'plain.test')).toBe('');
  // What it asks for is all that is in the way.
  expect(await ask('plain.test', 'plain.test', 'reject.test')).toBe('web /');
});
