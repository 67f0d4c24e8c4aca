import { createServer, type Server } from 'node:http';
import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { AuditEvent } from '../../src/common/audit-event.ts';
import { writtenAudit } from '../support/audit.ts';
import { lastAddress, queryFor, rcode } from '../support/dns-message.ts';
import { probe, unique } from '../support/docker.ts';
import { eventually } from '../support/eventually.ts';
import { clientHello } from '../support/client-hello.ts';
import { startWorld, type World, worldAddress } from '../support/host-world.ts';
import { type PolicyEngine, startPolicyEngine } from '../support/policy-engine.ts';

/** All names have one address. Who may go where is decided by the policy of the first of these engines, and by nothing in the other. */
const rules = [
  { to: 'open.test', addresses: ['198.18.0.0/15'], action: 'allow' },
  { to: 'team.test', addresses: ['198.18.0.0/15'], labels: ['team=web'], action: 'allow' },
];
const networkAccess = { default: 'deny', rules };

let world: World;
let web: Server;
let webPort = 0;
let engine: PolicyEngine;
let free: PolicyEngine;

beforeAll(async () => {
  world = await startWorld();
  web = createServer((request, response) => void response.end(`web ${request.headers.host}\n`));
  web.listen(0, worldAddress);
  await once(web, 'listening');
  const address = web.address();
  webPort = typeof address === 'object' ? (address?.port ?? 0) : 0;
  engine = await startPolicyEngine('egress-policy', world, { bulkhead: { networkAccess } });
  free = await startPolicyEngine('egress-free', world, {});
});
afterAll(async () => {
  await engine[Symbol.asyncDispose]();
  await free[Symbol.asyncDispose]();
  web.closeAllConnections();
  web.close();
  await world[Symbol.asyncDispose]();
});

/** From a server that speaks first. */
const hear = (host: string): string => `nc -w 10 ${host} ${world.port} < /dev/null | head -n 1`;
/** From one that is asked, by the address of one name, for another. */
const ask = (connect: string, host: string): string =>
  `printf 'GET / HTTP/1.1\\r\\nHost: ${host}\\r\\nConnection: close\\r\\n\\r\\n' | nc -w 10 ${connect} ${webPort} | tail -n 1`;
/** The beginning of TLS, as for one name, and whether it was sent back: bytes that no shell counts as text. */
const greet = (connect: string, name: string): string => {
  const hello = clientHello(name).toString('base64');
  return `(echo ${hello} | base64 -d; sleep 1) | nc -w 10 ${connect} ${world.port} | grep -c ${name}`;
};

describe('bulkhead.networkAccess', () => {
  test('leads to a name that is allowed, whoever speaks first', async () => {
    expect(await engine.inContainer(hear('open.test'))).toContain('hello');
    expect(await engine.inContainer(ask('open.test', 'open.test'))).toBe('web open.test');
    expect(await engine.inContainer(greet('open.test', 'open.test'))).toBe('1');
  });

  test('leads nowhere else: not to another name, nor to an address', async () => {
    const before = world.connections();
    expect(await engine.inContainer(`${hear('shut.test')}; ${hear(worldAddress)}`)).toBe('');
    expect(world.asked()).not.toContain('shut');
    expect(world.connections()).toBe(before);
    expect(engine.said.at(-1)).toMatch(
      /: The container .*rule network-access.*Setting: bulkhead\.networkAccess\.default.*it@example\.com/,
    );
    // With the rules off.
    expect(await free.inContainer(hear('shut.test'))).toContain('hello');
    expect(await free.inContainer(hear(worldAddress))).toContain('hello');
  });

  test('H05: is not got round by asking the address of a name that is allowed for one that is not', async () => {
    for (const script of [ask('open.test', 'shut.test'), greet('open.test', 'shut.test')]) {
      expect(['', '0']).toContain(await engine.inContainer(script));
      expect(engine.said.at(-1)).toContain('shut.test');
      expect(['web shut.test', '1']).toContain(await free.inContainer(script));
    }
  });

  test('H05: is not got round by a name a container gives an address itself, nor by a name server of its own', async () => {
    for (const flags of [
      ['--add-host', `shut.test:${worldAddress}`],
      ['--dns', '192.0.2.53'],
    ]) {
      expect(await engine.inContainer(hear('shut.test'), flags)).toBe('');
      expect(await free.inContainer(hear('shut.test'), flags)).toContain('hello');
    }
  });

  test('H05: is not got round by an address with a name in TLS, such as that of a resolver that is asked in it', async () => {
    for (const name of ['shut.test', 'dns.google']) {
      const script = greet(worldAddress, name);
      expect(await engine.inContainer(script)).toBe('0');
      expect(await free.inContainer(script)).toBe('1');
    }
  });

  test('holds for names that are asked for on a connection', async () => {
    const ask = async (name: string, { inContainer }: PolicyEngine): Promise<Buffer> => {
      const question = queryFor(name, 1, 7);
      const framed = Buffer.concat([Buffer.from([0, question.length]), question]).toString('base64');
      const script = `(echo ${framed} | base64 -d; sleep 1) | nc -w 5 203.0.113.253 53 | base64 | tr -d '\\n'`;
      return Buffer.from(await inContainer(script), 'base64').subarray(2);
    };
    expect(lastAddress(await ask('open.test', engine))).toBe(worldAddress);
    const refused = await ask('streamed.test', engine);
    expect([refused.length > 12, rcode(refused)]).toEqual([true, 3]);
    expect(world.asked()).not.toContain('streamed');
  });

  test('H11: what leads nowhere is refused at once, whatever it speaks', async () => {
    // The relay takes a connection before it is decided, and resets it then.
    const tried = [80, 443, 22, world.port].map(
      (port) => `nc -w 9 ${worldAddress} ${port} < /dev/null | grep .`,
    );
    const datagrams = `echo x | nc -u -w 1 ${worldAddress} 443; ping -c 1 -W 3 ${worldAddress} > /dev/null`;
    const [asked, connections] = [world.asked().length, world.connections()];
    const script = [
      'begun=$(date +%s)',
      ...tried.map((each) => `${each} && echo reached`),
      `${datagrams} && echo reached`,
      'nslookup -type=a shut.test 192.0.2.53 > /dev/null && echo resolved',
      '[ $(($(date +%s) - begun)) -lt 9 ] && echo soon',
    ].join('; ');
    expect(await engine.inContainer(script)).toBe('soon');
    expect([world.asked().length, world.connections()]).toEqual([asked, connections]);
  });

  test('H03: holds for what a Dockerfile adds from elsewhere', async () => {
    const add = (name: string): string =>
      `FROM ${probe}\nADD http://${name}:${webPort}/${unique('added')} /added\n`;
    const build = async ({ docker }: PolicyEngine, name: string): Promise<number> =>
      (await docker.run(['build', '-q', '-'], { input: add(name) })).status;
    expect(await build(engine, 'shut.test')).not.toBe(0);
    expect(await build(engine, 'open.test')).toBe(0);
    expect(await build(free, 'shut.test')).toBe(0);
  });

  test('asks by a label who it is, also of whoever has the address next', async () => {
    await using network = await ownNetwork();
    const flags = ['--network', network.name, '--ip', '10.211.7.7'];
    for (let round = 0; round < 3; round += 1) {
      expect(await engine.inContainer(hear('team.test'), [...flags, '--label', 'team=web'])).toContain(
        'hello',
      );
      expect(await engine.inContainer(`${hear('team.test')}; ${hear(worldAddress)}`, flags)).toBe('');
    }
  });

  test('holds for the steps of builds, which have no label', async () => {
    const lines = [
      `FROM ${probe}`,
      // An address is reached as the name it was found by.
      `RUN (${hear('team.test')}; ${hear(worldAddress)}; ${hear('open.test')}) > /said`,
    ];
    const built = await engine.docker.ok(['build', '-q', '--no-cache', '-'], { input: lines.join('\n') });
    expect(await engine.docker.ok(['run', '--rm', built, 'cat', '/said'])).toMatch(/^hello \S+$/);
  });

  test('is in the audit log, allowed and refused, a name as well', async () => {
    const script = `${hear('open.test')}; ${hear('shut.test')}; sleep 60`;
    const container = await engine.docker.ok(['run', '-d', probe, 'sh', '-c', script]);
    const ofIt = (event: AuditEvent): boolean =>
      event.kind === 'connection' && event.who.kind === 'container' && event.who.id === container;
    await eventually(async () => {
      const events = (await writtenAudit(engine.internals)).filter(ofIt);
      expect(events).toContainEqual(
        expect.objectContaining({ outcome: 'allowed', destination: `${worldAddress}:${world.port}` }),
      );
      expect(events).toContainEqual(
        expect.objectContaining({
          outcome: 'refused',
          destination: 'shut.test',
          code: 'BH_NETWORK_ACCESS',
          rule: 'network-access',
          setting: 'bulkhead.networkAccess.default',
        }),
      );
    }, 20_000);
    await engine.docker.ok(['rm', '-f', container]);
  });

  test('goes on when bulkheadd was killed', async () => {
    await engine.internals.replace('bulkheadd');
    await eventually(
      async () => expect(await engine.inContainer(hear('open.test'))).toContain('hello'),
      40_000,
    );
    expect(await engine.inContainer(hear(worldAddress))).toBe('');
  });

  test('goes on when the gateway was killed', async () => {
    const killed = engine.gateway?.pid ?? 0;
    process.kill(killed, 'SIGKILL');
    await eventually(
      async () => expect(await engine.inContainer(hear('open.test'))).toContain('hello'),
      40_000,
    );
    expect(await engine.inContainer(hear(worldAddress))).toBe('');
    expect(engine.gateway?.pid).not.toBe(killed);
  });
});

async function ownNetwork(): Promise<{ readonly name: string } & AsyncDisposable> {
  const name = unique('egress-policy');
  await engine.docker.ok(['network', 'create', '--subnet', '10.211.7.0/24', name]);
  return { name, [Symbol.asyncDispose]: async () => void (await engine.docker.run(['network', 'rm', name])) };
}
