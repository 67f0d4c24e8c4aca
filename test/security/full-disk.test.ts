import { execa } from 'execa';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { readdirSync, statfsSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readStatus } from '../support/control.ts';
import { probe } from '../support/docker.ts';
import { type OwnEngine, startOwnEngine } from '../support/own-engine.ts';
import { talk } from '../support/raw-http.ts';

/** Takes whatever is free, at each start, down to the last inode and the last block; and what the engine gives back afterwards, as a file of its own that it renames. */
const fill =
  'n=$(ls / | wc -l); dd if=/dev/zero of=/big.$n bs=64k; while sleep 1; do while :> /f$n; do n=$((n+1)); done; done';

/** dockerd makes directories before it serves anybody, so a disk without a free inode would take the engine away for good. */
test(
  'a container that fills the disk does not keep the engine from starting, twice',
  { timeout: 300_000 },
  async () => {
    const dir = await mkdtemp(join(tmpdir(), 'bulkhead-full-'));
    const dataDir = join(dir, 'data');
    await mkdir(dataDir);
    await execa('mount', ['-t', 'tmpfs', '-o', 'size=96m,nr_inodes=4000', 'bulkhead-full-disk', dataDir]);
    const start = async (): Promise<OwnEngine> =>
      startOwnEngine('full', { dir, signal: AbortSignal.timeout(90_000) });
    /** As a container that starts with the engine does, which may not even start any more. */
    const takeTheRest = (): void => {
      for (let file = 0; ; file += 1) writeFileSync(join(dataDir, `rest${file}`), '');
    };
    try {
      {
        await using engine = await start();
        const { docker } = engine;
        // Put aside as soon as the engine answers.
        const reserve = join(dataDir, 'docker/bulkhead-reserve');
        await expect.poll(() => readdirSync(reserve), { timeout: 60_000 }).toContain('7');
        const flags = ['--restart=always', '--stop-signal=KILL', '--network=none'];
        await docker.ok(['run', '-d', '--name', 'filler', ...flags, probe, 'sh', '-c', fill]);
        await expect.poll(() => statfsSync(dataDir).ffree, { timeout: 60_000 }).toBe(0);
        /* The audit log has no room any more either: nothing stops, what is refused is refused, and no line is lost unseen. */
        const refused = ['GET /no/such HTTP/1.1\r\nHost: x\r\n\r\n'];
        for (let count = 0; count < 60; count += 1)
          expect(await talk(docker.socket, refused)).toContain(' 404 ');
        const lost = async (): Promise<number> => (await readStatus(engine.controlSocket)).audit.lost;
        await expect.poll(lost, { timeout: 60_000 }).toBeGreaterThan(0);
        expect(await docker.ok(['ps', '-q'])).not.toBe('');
      }
      {
        await using _engine = await start();
        expect(takeTheRest).toThrow('ENOSPC');
      }
      await using engine = await start();
      const { docker } = engine;
      await docker.ok(['rm', '-f', 'filler']);
      expect(await docker.ok(['run', '--rm', probe, 'echo', 'works'])).toBe('works');
    } finally {
      await execa('umount', ['--lazy', dataDir]);
      await rm(dir, { recursive: true, force: true });
    }
  },
);
