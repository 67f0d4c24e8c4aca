import { createHash, randomBytes } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdtemp, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { execa } from 'execa';
import { expect, test } from 'vitest';
import { type Docker, unique } from './docker.ts';

const mebibyte = 1 << 20;

/** An image of `mebibytes` that cannot be compressed goes out with `save`, is removed, and comes back with `load`. */
export function transferRows(docker: () => Docker, mebibytes: number, timeoutMs: number): void {
  test(
    `save and load of an image of ${mebibytes} MiB`,
    async () => {
      const dir = await mkdtemp(join(tmpdir(), 'bulkhead-transfer-'));
      const image = `${unique('large')}:1`;
      const seconds = stopwatch();
      try {
        const digest = await writeRandom(join(dir, 'blob'), mebibytes);
        await execa('tar', ['cf', join(dir, 'root.tar'), '-C', dir, 'blob']);
        await docker().ok(['import', join(dir, 'root.tar'), image]);
        const imported = seconds();
        await docker().ok(['save', '-o', join(dir, 'saved.tar'), image]);
        const saved = seconds();
        await docker().ok(['rmi', image]);
        await docker().ok(['load', '-i', join(dir, 'saved.tar')]);
        process.stdout.write(`${mebibytes} MiB: import ${imported}, save ${saved}, load ${seconds()} s\n`);
        const container = await docker().ok(['create', image, '/none']);
        await docker().ok(['cp', `${container}:/blob`, join(dir, 'back')]);
        await docker().ok(['rm', container]);
        expect(await sha256(join(dir, 'back'))).toBe(digest);
      } finally {
        await docker().run(['rmi', '-f', image]);
        await rm(dir, { recursive: true });
      }
    },
    timeoutMs,
  );
}

/** Seconds since the last call. */
function stopwatch(): () => number {
  let last = performance.now();
  return () => {
    const elapsed = performance.now() - last;
    last = performance.now();
    return Math.round(elapsed / 100) / 10;
  };
}

async function writeRandom(path: string, mebibytes: number): Promise<string> {
  const hash = createHash('sha256');
  await using file = await open(path, 'wx');
  for (let written = 0; written < mebibytes; written += 1) {
    const block = randomBytes(mebibyte);
    hash.update(block);
    await file.write(block);
  }
  return hash.digest('hex');
}

async function sha256(path: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash);
  return hash.digest('hex');
}
