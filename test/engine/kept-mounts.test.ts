import { mkdtemp, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, inject, test } from 'vitest';
import { z } from 'zod';
import { type NativeEngine, startNativeEngine } from '../../src/vm/native/index.ts';
import { createDocker, type Docker, probe } from '../support/docker.ts';

const mountsSchema = z.looseObject({
  MountPoints: z.record(z.string(), z.record(z.string(), z.unknown())),
});

/**
 * The data disk is a file of the developer's. Seen without the rules: a link in the place of bulkheadd's directory had it keep its records in a volume; and a container that never starts, with /run/docker for its mount, had `docker cp` change runc's own
 * record of another container there, and runc ran a program of a volume as root of the VM, with every capability, when that one ended.
 */
test(
  'a data disk that was written to leads the engine nowhere: no copy through mounts in its records, no records kept in a volume',
  { timeout: 120_000 },
  async () => {
    const dir = await mkdtemp(join(tmpdir(), 'bulkhead-kept-'));
    const withEngine = async (work: (docker: Docker) => Promise<void>): Promise<void> => {
      await using engine: NativeEngine = await startNativeEngine({
        name: `kept-${process.pid}`,
        root: inject('testedRoot'),
        dataDir: join(dir, 'data'),
        hostDir: join(dir, 'host'),
        signal: AbortSignal.timeout(60_000),
      });
      await work(createDocker(engine.dockerHost));
    };
    const kept = (file: string): string => join(dir, 'data/docker', file);
    const intoVolume = ['create', '--name', 'filled', '-v', 'altered:/etc', probe];
    let record = '';
    try {
      await withEngine(async (docker) => {
        const id = await docker.ok(['create', '--name', 'evil', '-v', 'data:/vol', probe]);
        record = kept(`containers/${id}/config.v2.json`);
        await docker.ok(['create', '--name', 'other', '-v', 'data:/Vol', '-v', 'data:/vol', probe]);
        await docker.ok(['volume', 'create', 'altered']);
        await docker.ok(['cp', 'evil:/vol', join(dir, 'copy')]);
      });
      const document = mountsSchema.parse(JSON.parse(await readFile(record, 'utf8')));
      const bind = {
        ...document.MountPoints['/vol'],
        Type: 'bind',
        Source: '/run/docker',
        Name: '',
        Driver: '',
      };
      await writeFile(record, JSON.stringify({ ...document, MountPoints: { '/vol': bind } }));
      const options = { MountType: 'none', MountOpts: 'bind', MountDevice: '/run/docker/netns' };
      await writeFile(kept('volumes/altered/opts.json'), JSON.stringify(options));

      await rename(join(dir, 'data/bulkhead'), join(dir, 'data/before'));
      await symlink('docker/volumes/data/_data', join(dir, 'data/bulkhead'));

      await withEngine(async (docker) => {
        for (const container of ['evil', 'other']) {
          for (const copy of [
            ['cp', `${container}:/vol`, join(dir, 'stolen')],
            ['cp', join(dir, 'copy'), `${container}:/vol/copy`],
          ]) {
            const { status, stderr } = await docker.run(copy);
            expect([copy, status]).toEqual([copy, 1]);
            expect(stderr).toContain('that leads to /run/docker, which nobody could have asked for here');
          }
        }
        const filled = await docker.run(intoVolume);
        expect(filled.status).not.toBe(0);
        expect(filled.stderr).toContain('that leads to /run/docker/netns (type none, o bind)');

        await docker.ok(['volume', 'rm', 'altered']);
        await docker.ok(intoVolume);
        const seen = await docker.ok(['run', '--rm', '-v', 'data:/vol', probe, 'ls', '-a', '/vol']);
        expect(seen.split(/\s+/)).toEqual(['.', '..']);
        expect((await docker.run(['cp', 'other:/vol', join(dir, 'again')])).status).toBe(1);
        await docker.ok(['rm', 'evil']);
        await docker.ok(['cp', 'other:/vol', join(dir, 'again')]);
      });
    } finally {
      await rm(dir, { recursive: true, force: true });
    }
  },
);
