import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { probe } from '../support/docker.ts';
import { eventually } from '../support/eventually.ts';
import { parseIdMap } from '../support/id-map.ts';
import { startOwnEngine } from '../support/own-engine.ts';

/** Changes what dockerd keeps of a container, as an engine without isolation would have written it. */
async function rewrite(file: string, changes: Record<string, unknown>): Promise<void> {
  const kept = z.record(z.string(), z.unknown()).parse(JSON.parse(await readFile(file, 'utf8')));
  await writeFile(file, JSON.stringify({ ...kept, ...changes }));
}

/**
 * A data root may come from an engine without isolation: its containers name plain runc, the host's namespaces and directories of the
 * host, and the engine starts them by itself, without any request that could be refused.
 */
test(
  'A11: containers of an engine without isolation do not start unprotected',
  { timeout: 120_000 },
  async () => {
    const dir = await mkdtemp(join(tmpdir(), 'bulkhead-earlier-'));
    const script = 'ls /host; exec sleep 600';
    try {
      const first = await startOwnEngine('earlier', { dir });
      const { docker } = first;
      const ids = new Map<string, string>();
      for (const name of ['plain', 'host', 'bound']) {
        const flags = ['--restart', 'always', '--name', name, '-v', 'data:/host'];
        ids.set(name, await docker.ok(['run', '-d', ...flags, probe, 'sh', '-c', script]));
      }
      await first.stop();

      const kept = (name: string, file: string): string =>
        join(dir, 'data/docker/containers', ids.get(name) ?? '', file);
      const unprotected = { Runtime: 'runc', UsernsMode: 'host', Privileged: true };
      await rewrite(kept('plain', 'hostconfig.json'), unprotected);
      await rewrite(kept('host', 'hostconfig.json'), {
        ...unprotected,
        PidMode: 'host',
        IpcMode: 'host',
        NetworkMode: 'host',
      });
      await rewrite(kept('bound', 'hostconfig.json'), {
        ...unprotected,
        Binds: ['/run/bulkhead/engine:/host'],
      });
      await rewrite(kept('bound', 'config.v2.json'), {
        MountPoints: {
          '/host': {
            Source: '/run/bulkhead/engine',
            Destination: '/host',
            RW: true,
            Name: '',
            Driver: '',
            Type: 'bind',
            Propagation: 'rprivate',
            Spec: { Type: 'bind', Source: '/run/bulkhead/engine', Target: '/host' },
          },
        },
      });

      const second = await startOwnEngine('earlier', { dir });
      try {
        const { docker: again } = second;
        const map = await eventually(() => again.ok(['exec', 'plain', 'cat', '/proc/1/uid_map']), 20_000);
        expect(parseIdMap(map).base).toBeGreaterThanOrEqual(100_000);
        for (const [name, said] of [
          ['host', "can't share"],
          ['bound', "can't mount /run/bulkhead/engine because it's configured as a restricted host mount"],
        ] as const) {
          const started = await again.run(['start', name]);
          expect([name, started.status]).toEqual([name, 1]);
          expect(started.stderr).toContain(said);
          expect(await again.ok(['inspect', '-f', '{{.State.Running}}', name])).toBe('false');
          /* Nothing of it ran: the log is that of the first engine, with an empty volume. */
          expect(await again.ok(['logs', name])).not.toContain('docker');
        }
        await again.run(['rm', '-f', ...ids.keys()]);
      } finally {
        await second.stop();
      }
    } finally {
      await rm(dir, { recursive: true, force: true });
    }
  },
);
