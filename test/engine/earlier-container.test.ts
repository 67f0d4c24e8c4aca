import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
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
  { timeout: 240_000 },
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

      // Swarm and plug-ins are served to nobody; a data disk brings neither to life.
      const plugin = 'ab'.repeat(32);
      const prepared = {
        'swarm/docker-state.json': '{"LocalAddr":"127.0.0.1","ListenAddr":"127.0.0.1:2377"}',
        'swarm/certificates/swarm-node.crt': 'x',
        [`plugins/${plugin}/config.json`]: JSON.stringify({
          plugin: { Id: plugin, Name: 'prepared', Enabled: true },
        }),
      };
      for (const [name, text] of Object.entries(prepared)) {
        const file = join(dir, 'data/docker', name);
        await mkdir(dirname(file), { recursive: true });
        await writeFile(file, text);
      }

      const second = await startOwnEngine('earlier', { dir });
      try {
        const { docker: again, internals } = second;
        expect(await again.ok(['info', '-f', '{{.Swarm.LocalNodeState}}'])).toBe('inactive');
        const pluginsSeen = async (): Promise<string[]> =>
          readdir(`/proc/${await internals.pidOf('dockerd')}/root/var/lib/docker/plugins`);
        expect(await pluginsSeen()).not.toContain(plugin);
        // One that ends in good order unmounts what covers them.
        await internals.replace('dockerd', 'SIGTERM');
        await eventually(async () => {
          expect(await again.ok(['info', '-f', '{{.Swarm.LocalNodeState}}'])).toBe('inactive');
          expect(await pluginsSeen()).not.toContain(plugin);
        }, 60_000);
        // It is still on the disk: nothing of it was read.
        expect(await readdir(join(dir, 'data/docker/plugins'))).toContain(plugin);
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
