import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { describe, expect, test } from 'vitest';
import type { AuditEvent } from '../../src/common/audit-event.ts';
import { startDatagrams } from '../support/answering-datagrams.ts';
import { clientHello } from '../support/client-hello.ts';
import { lastAddress, queryFor, rcode } from '../support/dns-message.ts';
import { type Docker, probe, unique } from '../support/docker.ts';
import { eventually } from '../support/eventually.ts';
import { type World, worldAddress, worldAddress6 } from '../support/host-world.ts';
import { found, lookUp } from '../support/look-up.ts';

/** An engine that has a gateway. */
export interface EgressEngine {
  readonly docker: Docker;
  /** What a shell in a container says; every refusal is told at once, so nothing waits. */
  readonly inContainer: (script: string, flags?: readonly string[]) => Promise<string>;
}

export interface EgressSide {
  /** Its gateway decides by `egressPolicy`. */
  readonly engine: EgressEngine;
  /** Those whose gateway allows everything, if there are any: with the rules off. */
  readonly free: readonly EgressEngine[];
  /** Where all names have one address. */
  readonly world: World;
  /** At `worldAddress`, answers `web HOST`. */
  readonly webPort: number;
  /** What the gateway has said of what it refused. */
  readonly said: () => readonly string[];
  /** The audit log of the engine. */
  readonly audit: () => Promise<readonly AuditEvent[]>;
  readonly gatewayPid: () => Promise<number | undefined>;
  /** How often an address changes hands. */
  readonly rounds: number;
  /** Seconds that ten refusals may take, where each would take nine if nobody answered. */
  readonly soon: number;
}

export const egressPolicy = {
  networkAccess: {
    default: 'deny',
    rules: [
      { to: ['open.test', 'both.test'], addresses: ['198.18.0.0/15'], action: 'allow' },
      { to: 'team.test', addresses: ['198.18.0.0/15'], labels: ['team=web'], action: 'allow' },
    ],
  },
} as const;

/** The family of addresses that names are without there, by `dnsInhibition`. */
export const inhibited = 'ipv6';

/** Asks the gateway on a connection. @param type 1 is A, 28 AAAA. */
async function askByStream({ inContainer }: EgressEngine, name: string, type: number): Promise<Buffer> {
  const question = queryFor(name, type, 7);
  const framed = Buffer.concat([Buffer.from([0, question.length]), question]).toString('base64');
  const script = `(echo ${framed} | base64 -d; sleep 1) | nc -w 5 203.0.113.253 53 | base64 | tr -d '\\n'`;
  return Buffer.from(await inContainer(script), 'base64').subarray(2);
}

/** What clients do, in the words of a shell. */
export function scriptsOf({ world, webPort }: Pick<EgressSide, 'world' | 'webPort'>) {
  return {
    /** From a server that speaks first. */
    hear: (host: string): string => `nc -w 10 ${host} ${world.port} < /dev/null | head -n 1`,
    /** From one that is asked, by the address of one name, for another. */
    ask: (connect: string, host: string): string =>
      `printf 'GET / HTTP/1.1\\r\\nHost: ${host}\\r\\nConnection: close\\r\\n\\r\\n' | nc -w 10 ${connect} ${webPort} | tail -n 1`,
    /** The beginning of TLS, as for one name, and whether it was sent back: bytes that no shell counts as text. */
    greet: (connect: string, name: string): string => {
      const hello = clientHello(name).toString('base64');
      return `(echo ${hello} | base64 -d; sleep 1) | nc -w 10 ${connect} ${world.port} | grep -c ${name}`;
    },
  };
}

/** Rows H03, H05 and H11 of the acceptance table, and what else `bulkhead.networkAccess` says of who may connect where. */
export function egressRows(of: () => EgressSide): void {
  describe('bulkhead.networkAccess', () => {
    test('leads to a name that is allowed, whoever speaks first', async () => {
      const { engine } = of();
      const { hear, ask, greet } = scriptsOf(of());
      const script = [hear('open.test'), ask('open.test', 'open.test'), greet('open.test', 'open.test')];
      expect(await engine.inContainer(script.join('; '))).toMatch(/^hello \S+\nweb open\.test\n1$/);
    });

    test('leads nowhere else: not to another name, nor to an address', async () => {
      const side = of();
      const { engine, world } = side;
      const { hear } = scriptsOf(side);
      const before = world.connections();
      expect(await engine.inContainer(`${hear('shut.test')}; ${hear(worldAddress)}`)).toBe('');
      expect(world.asked()).not.toContain('shut');
      expect(world.connections()).toBe(before);
      expect(side.said().at(-1)).toMatch(
        /: The container .*rule network-access.*Setting: bulkhead\.networkAccess\.default.*it@example\.com/,
      );
      // With the rules off.
      for (const free of of().free) expect(await free.inContainer(hear('shut.test'))).toContain('hello');
      for (const free of of().free) expect(await free.inContainer(hear(worldAddress))).toContain('hello');
    });

    test('H05: is not got round by asking the address of a name that is allowed for one that is not', async () => {
      const side = of();
      const { engine } = side;
      const { ask, greet } = scriptsOf(side);
      const script = `${ask('open.test', 'shut.test')}; ${greet('open.test', 'shut.test')}`;
      const before = side.said().length;
      expect(await engine.inContainer(script)).toBe('0');
      const refused: unknown = expect.stringContaining('shut.test');
      expect(side.said().slice(before)).toEqual([refused, refused]);
      for (const free of side.free) expect(await free.inContainer(script)).toBe('web shut.test\n1');
    });

    test('H05: is not got round by a name a container gives an address itself, nor by a name server of its own', async () => {
      const { engine } = of();
      const { hear } = scriptsOf(of());
      const flags = ['--add-host', `shut.test:${worldAddress}`, '--dns', '192.0.2.53'];
      const script = `${hear('shut.test')}; ${hear('asked.test')}`;
      expect(await engine.inContainer(script, flags)).toBe('');
      for (const free of of().free)
        expect(await free.inContainer(script, flags)).toMatch(/^hello \S+\nhello \S+$/);
    });

    test('H05: is not got round by an address with a name in TLS, such as that of a resolver that is asked in it', async () => {
      const { engine } = of();
      const { greet } = scriptsOf(of());
      const script = `${greet(worldAddress, 'shut.test')}; ${greet(worldAddress, 'dns.google')}`;
      expect(await engine.inContainer(script)).toBe('0\n0');
      for (const free of of().free) expect(await free.inContainer(script)).toBe('1\n1');
    });

    test('holds for names that are asked for on a connection', async () => {
      const { engine, world } = of();
      expect(lastAddress(await askByStream(engine, 'open.test', 1))).toBe(worldAddress);
      const refused = await askByStream(engine, 'streamed.test', 1);
      expect([refused.length > 12, rcode(refused)]).toEqual([true, 3]);
      expect(world.asked()).not.toContain('streamed');
    });

    test('dnsInhibition: names have none of the addresses that are left out, and nobody is asked for them', async () => {
      const { engine, free, world } = of();
      const before = world.asked().length;
      const streamed = await askByStream(engine, 'both.test', 28);
      expect([streamed.length > 12, rcode(streamed), streamed.readUInt16BE(6)]).toEqual([true, 0, 0]);
      expect(found(await engine.inContainer(lookUp('both.test', 'aaaa')), 'both.test')).toBeUndefined();
      expect(world.asked().slice(before)).not.toContain('both');
      expect(found(await engine.inContainer(lookUp('both.test')), 'both.test')).toBe(worldAddress);
      // With the rules off: by itself a gateway leaves out nothing.
      for (const { inContainer } of free)
        expect(found(await inContainer(lookUp('both.test', 'aaaa')), 'both.test')).toBe(worldAddress6);
    });

    test('H11: connections and questions that lead nowhere are refused at once', async () => {
      const { engine, world } = of();
      // The relay takes a connection before it is decided, and resets it then.
      const tried = [80, 443, 22, world.port].map(
        (port) => `nc -w 9 ${worldAddress} ${port} < /dev/null | grep .`,
      );
      const [asked, connections] = [world.asked().length, world.connections()];
      const script = [
        'begun=$(date +%s)',
        ...tried.map((each) => `${each} && echo reached`),
        'nslookup -type=a shut.test 192.0.2.53 > /dev/null && echo resolved',
        `[ $(($(date +%s) - begun)) -lt ${of().soon} ] && echo soon`,
      ].join('; ');
      expect(await engine.inContainer(script)).toBe('soon');
      expect([world.asked().length, world.connections()]).toEqual([asked, connections]);
      // With the rules off, what has a way without any.
      const [, , , heard] = tried;
      for (const free of of().free) {
        expect(await free.inContainer(heard ?? '')).toContain('hello');
        expect(await free.inContainer('nslookup -type=a shut.test 203.0.113.253')).toContain(worldAddress);
      }
    });

    test('H11: datagrams are refused at once, that of QUIC and every other but questions for names; nobody hears of them', async () => {
      await using servers = await startDatagrams(worldAddress, [443, 0]);
      // Somebody is there who answers.
      const control = createSocket('udp4');
      control.connect(servers.ports[0] ?? 0, worldAddress);
      await once(control, 'connect');
      control.send(queryFor('control.test', 1, 7));
      await once(control, 'message');
      control.close();
      const ask = (port: number): string => `nslookup -type=a open.test ${worldAddress}:${port} 2>&1`;
      const said = await of().engine.inContainer(servers.ports.map(ask).join('; '));
      // Each of the two tries, whose error the kernel tells as it comes; one that is dropped has none.
      expect(said.match(/No route to host/g)).toHaveLength(4);
      expect([servers.count(), said.includes(`Address: ${worldAddress}`)]).toEqual([1, false]);
    });

    test('H11: echoes are refused at once, and nobody answers them for whom they were for', async () => {
      const traced = `traceroute -n -I -q 1 -w 3 -m 4 ${worldAddress}`;
      const said = await of().engine.inContainer(
        `ping -c 1 -W 1 ${worldAddress} && echo reached; ping -c 1 127.0.0.1 > /dev/null && echo pings; ${traced}`,
      );
      expect(said).not.toContain('reached');
      expect(said).toContain('pings');
      // Prohibited, as whoever refuses it says.
      expect(said).toMatch(/ !A$/m);
    });

    test('H03: holds for what a Dockerfile adds from elsewhere', async () => {
      const { engine, webPort } = of();
      const add = (name: string): string =>
        `FROM ${probe}\nADD http://${name}:${webPort}/${unique('added')} /added\n`;
      const build = async ({ docker }: EgressEngine, name: string): Promise<number> =>
        (await docker.run(['build', '-q', '-'], { input: add(name) })).status;
      expect(await build(engine, 'shut.test')).not.toBe(0);
      expect(await build(engine, 'open.test')).toBe(0);
      for (const free of of().free) expect(await build(free, 'shut.test')).toBe(0);
    });

    test('asks by a label who it is, also of whoever has the address next', async () => {
      const { engine } = of();
      const { hear } = scriptsOf(of());
      await using network = await ownNetwork(engine);
      const flags = ['--network', network.name, '--ip', '10.211.7.7'];
      for (let round = 0; round < of().rounds; round += 1) {
        expect(await engine.inContainer(hear('team.test'), [...flags, '--label', 'team=web'])).toContain(
          'hello',
        );
        expect(await engine.inContainer(`${hear('team.test')}; ${hear(worldAddress)}`, flags)).toBe('');
      }
    });

    test('holds for the steps of builds, which have no label', async () => {
      const { engine } = of();
      const { hear } = scriptsOf(of());
      const lines = [
        `FROM ${probe}`,
        // An address is reached as the name it was found by.
        `RUN (${hear('team.test')}; ${hear(worldAddress)}; ${hear('open.test')}) > /said`,
      ];
      const built = await engine.docker.ok(['build', '-q', '--no-cache', '-'], { input: lines.join('\n') });
      expect(await engine.docker.ok(['run', '--rm', built, 'cat', '/said'])).toMatch(/^hello \S+$/);
    });

    test('is in the audit log, allowed and refused, a name as well', async () => {
      const side = of();
      const { engine, world } = side;
      const { hear } = scriptsOf(side);
      const script = `${hear('open.test')}; ${hear('shut.test')}; nc -w 10 open.test 1 < /dev/null; sleep 60`;
      const container = await engine.docker.ok(['run', '-d', probe, 'sh', '-c', script]);
      const ofIt = (event: AuditEvent): boolean =>
        event.kind === 'connection' && event.who.kind === 'container' && event.who.id === container;
      await eventually(async () => {
        const events = (await side.audit()).filter(ofIt);
        expect(events).toContainEqual(
          expect.objectContaining({ outcome: 'allowed', destination: `${worldAddress}:${world.port}` }),
        );
        expect(events).toContainEqual(
          expect.objectContaining({ outcome: 'allowed', destination: 'open.test' }),
        );
        // Nobody listens there.
        expect(events).toContainEqual(
          expect.objectContaining({ outcome: 'allowed', destination: `${worldAddress}:1`, reached: false }),
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

    test('goes on when the gateway was killed', async () => {
      const side = of();
      const { engine } = side;
      const { hear } = scriptsOf(side);
      const killed = (await side.gatewayPid()) ?? 0;
      process.kill(killed, 'SIGKILL');
      await eventually(
        async () => expect(await engine.inContainer(hear('open.test'))).toContain('hello'),
        40_000,
      );
      expect(await engine.inContainer(hear(worldAddress))).toBe('');
      expect(await side.gatewayPid()).not.toBe(killed);
    });
  });
}

async function ownNetwork({ docker }: EgressEngine): Promise<{ readonly name: string } & AsyncDisposable> {
  const name = unique('egress-policy');
  await docker.ok(['network', 'create', '--subnet', '10.211.7.0/24', name]);
  return { name, [Symbol.asyncDispose]: async () => void (await docker.run(['network', 'rm', name])) };
}
