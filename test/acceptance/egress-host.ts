import { describe, expect, test } from 'vitest';
import type { AuditEvent } from '../../src/common/audit-event.ts';
import { probe } from '../support/docker.ts';
import { eventually } from '../support/eventually.ts';
import type { LoopbackServices } from '../support/loopback-services.ts';
import type { EgressEngine } from './egress.ts';

export interface HostSide {
  /** Its gateway decides by a policy that has `loopbackPolicy`, and allows nothing else of this machine. */
  readonly engine: EgressEngine;
  /** Those whose gateway reaches all of the loopback, if there are any: with the rules off. */
  readonly free: readonly EgressEngine[];
  readonly services: LoopbackServices;
  /** Other addresses by which somebody might look for this machine. */
  readonly others: () => Promise<readonly string[]>;
  readonly said: () => readonly string[];
  readonly audit: () => Promise<readonly AuditEvent[]>;
  /** Seconds that refusals may take, where each would take nine if nobody answered. */
  readonly soon: number;
}

const hostAddress = '203.0.113.252';
const names = ['host.docker.internal', 'gateway.docker.internal', 'kubernetes.docker.internal'];
const hear = (host: string, port: number): string => `nc -w 9 ${host} ${port} < /dev/null | head -n 1`;
const inTime = (seconds: number, ...scripts: readonly string[]): string =>
  ['begun=$(date +%s)', ...scripts, `[ $(($(date +%s) - begun)) -lt ${seconds} ] && echo soon`].join('; ');

/** Row H15 where a gateway decides: the loopback of the host by its names. */
export function hostRows(of: () => HostSide): void {
  describe('the loopback of the host', () => {
    test('H15: a service there that rules allow is reached, by each name, by one a container gives it, and by its address', async () => {
      const { engine, services } = of();
      const { open } = services;
      const before = open.visits();
      const asked = [...names, 'mine.test', hostAddress];
      const script = asked.map((host) => hear(host, open.port)).join('; ');
      const said = await engine.inContainer(script, ['--add-host', 'mine.test:host-gateway']);
      expect(said.split('\n')).toEqual(asked.map(() => 'loopback'));
      expect(open.visits()).toBe(before + asked.length);
    });

    test('H15: it is reached by a step of a build as well', async () => {
      const { engine, services } = of();
      const input = `FROM ${probe}\nRUN ${hear('host.docker.internal', services.open.port)} > /said\n`;
      const built = await engine.docker.ok(['build', '-q', '--no-cache', '-'], { input });
      expect(await engine.docker.ok(['run', '--rm', built, 'cat', '/said'])).toBe('loopback');
    });

    test('H15: one that no rule names is refused at once, told and in the audit log', async () => {
      const { engine, free, services, said, audit, soon } = of();
      const { shut } = services;
      const before = shut.visits();
      const script = names.map((name) => hear(name, shut.port));
      expect(await engine.inContainer(inTime(soon, ...script))).toBe('soon');
      expect(shut.visits()).toBe(before);
      await eventually(
        async () =>
          Promise.resolve(
            expect(said().at(-1)).toMatch(
              new RegExp(
                `The container .* may not connect to host\\.docker\\.internal:${shut.port} .*rule network-access.*bulkhead\\.networkAccess\\.default.*it@example\\.com`,
              ),
            ),
          ),
        5000,
      );
      const refused = { kind: 'connection', outcome: 'refused', destination: `${hostAddress}:${shut.port}` };
      await eventually(
        async () =>
          expect(await audit()).toContainEqual(
            expect.objectContaining({
              ...refused,
              code: 'BH_NETWORK_ACCESS',
              setting: 'bulkhead.networkAccess.default',
            }),
          ),
        20_000,
      );
      for (const each of free) expect(await each.inContainer(script[0] ?? '')).toBe('loopback');
    });

    test('H15: no other address is that of the host, whatever service a rule allows there', async () => {
      const { engine, services, others, soon } = of();
      const { open } = services;
      const before = open.visits();
      const tried = (await others()).map((address) => hear(address, open.port));
      expect(await engine.inContainer(inTime(soon, ...tried))).toBe('soon');
      expect(open.visits()).toBe(before);
    });
  });
}
