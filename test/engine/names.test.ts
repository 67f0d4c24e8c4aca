import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Docker, probe, unique } from '../support/docker.ts';
import { type EngineNameServer, startNameServer } from '../support/engine-name-server.ts';
import { type OwnEngine, startOwnEngine } from '../support/own-engine.ts';
import { portPrograms } from '../support/port-image.ts';

/** Who reaches the VM's name server, and what one that floods it takes from others: with the rules and the network namespace it has in the VM. */
let engine: OwnEngine;
let docker: Docker;
let server: EngineNameServer;
let flooding = '';
/** Two ordinary networks and one that leads nowhere. */
const [open, other, internal] = [unique('open'), unique('other'), unique('internal')];
beforeAll(async () => {
  engine = await startOwnEngine('names');
  ({ docker } = engine);
  server = await startNameServer(engine);
  await docker.ok(['network', 'create', open]);
  await docker.ok(['network', 'create', other]);
  await docker.ok(['network', 'create', '--internal', internal]);
  flooding = unique('flood');
  const dockerfile = `FROM ${probe}\nCOPY name-flood /bin/\n`;
  await docker.ok(['build', '-q', '-t', flooding, '-f', '-', portPrograms], { input: dockerfile });
}, 120_000);
afterAll(async () => {
  await server[Symbol.asyncDispose]();
  await engine[Symbol.asyncDispose]();
});

const lookUp = (name: string, at = server.address): string => `timeout 10 nslookup -type=a ${name} ${at}`;
/** Run with a way out of its own making, whatever network it is on: who has NET_ADMIN can make one, and NET_RAW alone can do without. */
async function said(network: string, script: string): Promise<string> {
  const way = `ip route replace default via $(ip -4 -o addr show eth0 | sed 's/.* inet \\([0-9]*\\.[0-9]*\\)\\..*/\\1.0.1/')`;
  const words = ['run', '--rm', '--cap-add', 'NET_ADMIN', '--network', network, probe];
  const { stdout, stderr } = await docker.run([...words, 'sh', '-c', `${way} && ip route && { ${script}; }`]);
  return stdout + stderr;
}
const counted = async (): Promise<number> => {
  const table = await readFile(`/proc/${engine.internals.init}/net/ipt_hashlimit/bulkhead-names-16`, 'utf8');
  return table.split('\n').filter(Boolean).length;
};
/** Packets a rule of the firewall has dropped, told by what is in it. */
async function dropped(rule: string): Promise<number> {
  const rules = await server.inEngine(['/usr/sbin/iptables-save', '-c', '-t', 'raw']);
  const line = rules.split('\n').find((line) => line.includes(rule) && line.endsWith('-j DROP'));
  return Number(/^\[(\d+):/.exec(line ?? '')?.[1]);
}
const flood = (
  network: string,
  count: number,
  source: string,
  step: number,
  sources = count,
): Promise<string> =>
  docker.ok(
    ['run', '--rm', '--network', network, flooding, 'name-flood'].concat(
      [server.address, count, source, step, sources].map(String),
    ),
  );

describe('it is reached as the world is', () => {
  test.each(['bridge', open])('from network %s', async (network) => {
    const seen = await said(network, `${lookUp('some.example')}; ${lookUp('host.docker.internal')}`);
    expect(seen).toMatch(/Name:\s+some\.example\s+Address(?: 1)?: 192\.0\.2\.1/);
    expect(seen).toMatch(/Name:\s+host\.docker\.internal\s+Address(?: 1)?: 192\.168\.65\.1/);
  });

  test('by the engine', async () => {
    expect(await server.ask(['some.example', 'host.docker.internal'])).toEqual(['192.0.2.1', '192.168.65.1']);
  });

  test('by both also when it was ended and started again, whose link may still be there', async () => {
    await server.replace();
    expect(await said('bridge', lookUp('some.example'))).toContain('192.0.2.1');
    expect(await server.ask(['host.docker.internal'])).toEqual(['192.168.65.1']);
  });

  test('but not from a network that is internal, and the VM itself answers nowhere', async () => {
    const seen = await said(
      internal,
      [lookUp('some.example'), lookUp('some.example', '172.17.0.1'), lookUp('some.example:65053')].join('; '),
    );
    expect(seen).toContain('default via');
    expect(seen).not.toContain('192.0.2.1');
  });

  test('and the engine passes nothing on for a container there', async () => {
    const words = ['run', '--rm', '--dns', server.address, '--network'];
    const script = ['sh', '-c', lookUp('some.example', '127.0.0.11')];
    expect((await docker.run([...words, internal, probe, ...script])).stdout).not.toContain('192.0.2.1');
    expect((await docker.run([...words, open, probe, ...script])).stdout).toContain('192.0.2.1');
  });
});

describe('one who floods it', () => {
  test('with addresses of others is not heard, and fills no table', async () => {
    const before = await dropped('rpfilter');
    await flood(open, 1_000, '10.0.0.1', 0x10000);
    expect((await dropped('rpfilter')) - before).toBeGreaterThanOrEqual(1_000);
    expect(await counted()).toBeLessThan(10);
    // The same without the rule: what it keeps out is counted, an entry each.
    const rule = '-A BULKHEAD-NAMES -m rpfilter --invert -j DROP';
    const change = (text: string): Promise<string> =>
      server.inEngine(['/usr/sbin/iptables-restore', '--noflush'], `*raw\n${text}\nCOMMIT\n`);
    await change(rule.replace('-A', '-D'));
    try {
      await flood(open, 1_000, '10.0.0.1', 0x10000);
      expect(await counted()).toBeGreaterThan(900);
    } finally {
      await change(rule.replace('-A BULKHEAD-NAMES', '-I BULKHEAD-NAMES 1'));
    }
  });

  test('from all addresses of its network takes nothing from other networks, nor from the engine', async () => {
    const names = Array.from({ length: 20 }, (_, index) => `name${index}.example`);
    const answers = names.map(() => '192.0.2.1');
    const format = '{{(index .IPAM.Config 0).Subnet}}';
    const subnet = await docker.ok(['network', 'inspect', open, '--format', format]);
    const before = await dropped('bulkhead-names-16');
    let over = false;
    const flooded = flood(open, 1_000_000, subnet.replace('0.0/16', '1.0'), 1, 65_000).finally(() => {
      over = true;
    });
    const script = names.map((name) => lookUp(name)).join('; ');
    const [seen, asked] = await Promise.all([said(other, script), server.ask(names)]);
    expect(over).toBe(false);
    expect(asked).toEqual(answers);
    expect([...seen.matchAll(/Name:\s+name\d+\.example\s+Address(?: 1)?: (\S+)/g)].map(([, a]) => a)).toEqual(
      answers,
    );
    await flooded;
    expect((await dropped('bulkhead-names-16')) - before).toBeGreaterThan(100_000);
  });
});
