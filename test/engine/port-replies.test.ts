import { afterAll, beforeAll, expect, test } from 'vitest';
import { foundation } from '../../dist/daemon/ports/forward-rules.js';
import { inEngine } from '../support/in-engine.ts';
import { type OwnEngine, startOwnEngine } from '../support/own-engine.ts';
import { portImage } from '../support/port-image.ts';

/** What the VM's firewall takes for an answer to the host, with its rules beside those of a native engine, which has no host behind a card. */
const side = { interface: 'card', gateway: '192.168.65.1' };
let engine: OwnEngine;
let image = '';
beforeAll(async () => {
  engine = await startOwnEngine('replies');
  image = await portImage(engine.docker);
  await restore(foundation(side));
}, 120_000);
afterAll(() => engine[Symbol.asyncDispose]());

const restore = (lines: readonly string[]): Promise<string> =>
  inEngine(engine, ['/usr/sbin/iptables-restore', '--noflush'], `${lines.join('\n')}\n`);

/** Packets that were marked as answers, which is what leads them to the host. */
async function marked(): Promise<number> {
  const rules = await inEngine(engine, ['/usr/sbin/iptables-save', '-c', '-t', 'mangle']);
  const counters = [...rules.matchAll(/^\[(\d+):\d+\] .* -p (?:tcp|udp) .*-j MARK /gm)];
  expect(counters).toHaveLength(2);
  return counters.reduce((sum, [, packets]) => sum + Number(packets), 0);
}

test("H15: what containers answer to a packet another sends in the host's name is no answer to the host", async () => {
  const { docker } = engine;
  const [name, spoofer] = ['answers', 'spoofs'];
  for (const each of [name, spoofer]) await docker.ok(['run', '-d', '--name', each, image]);
  const own = await docker.ok(['inspect', '-f', '{{.NetworkSettings.IPAddress}}', name]);
  const spoof = (protocol: 'udp' | 'tcp'): Promise<string> =>
    docker.ok(['exec', spoofer, 'port-forge', protocol, side.gateway, '4000', own, '80']);
  await spoof('udp');
  await spoof('tcp');
  expect(await docker.ok(['logs', name])).toBe('ready');
  expect(await marked()).toBe(0);
  // The same without the rule.
  await restore(['*raw', `-D PREROUTING -s ${side.gateway}/32 ! -i ${side.interface} -j DROP`, 'COMMIT']);
  await spoof('udp');
  expect(await docker.ok(['logs', name])).toBe(`ready\n${side.gateway} 4000`);
  expect(await marked()).toBeGreaterThan(0);
});
