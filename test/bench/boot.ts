/** A boot of the VM, phase by phase, and the size of the image. */
import { execa } from 'execa';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadManifest } from '../../dist/image/index.js';
import { commandLine } from '../support/command-line.ts';
import { builtImageDir } from '../support/built-image.ts';
import type { BenchmarkRow } from './rows.ts';

export async function benchBoot(): Promise<BenchmarkRow[]> {
  const dir = await mkdtemp(join(tmpdir(), 'bulkhead-boot-'));
  const env = { XDG_STATE_HOME: join(dir, 'state'), XDG_RUNTIME_DIR: dir, DOCKER_CONFIG: dir };
  const bulkhead = async (...args: string[]): Promise<string> =>
    (await execa('node', [commandLine, ...args, '--name', 'bench'], { env })).stdout;
  const image = await builtImageDir();
  try {
    const rows: BenchmarkRow[] = [];
    for (const disk of ['new data disk', 'same disk again']) {
      const started = performance.now();
      const phases: BenchmarkRow[] = [];
      const up = execa('node', [commandLine, 'up', '--name', 'bench', '--image', image], { env, all: true });
      for await (const line of up.iterable({ from: 'all' })) {
        const phase = /^Boot the VM: ([a-z -]+) \(/.exec(line)?.[1];
        if (phase !== undefined) {
          phases.push({
            name: `boot, ${disk}: ${phase}`,
            unit: 's',
            value: (performance.now() - started) / 1000,
          });
        }
      }
      await up;
      rows.push(...phases);
      await bulkhead('down');
    }
    return rows;
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}

export async function imageSizes(): Promise<BenchmarkRow[]> {
  const manifest = await loadManifest(await builtImageDir());
  const megabytes = (bytes: number): number => bytes / 1e6;
  return [
    { name: 'release image, root file system', unit: 'MB', value: megabytes(manifest.files.root.size) },
    {
      name: 'release image, root file system, uncompressed',
      unit: 'MB',
      value: megabytes(manifest.uncompressed.bytes),
    },
    ...manifest.uncompressed.largest.map(({ path, size }) => ({
      name: `largest: ${path}`,
      unit: 'MB',
      value: megabytes(size),
    })),
  ];
}
