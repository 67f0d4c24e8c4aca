import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { BulkheadError } from '../common/errors/bulkhead-error.js';
import type { Exec } from '../common/exec.js';
import { runStep } from './block-image.js';

/** Our own programs, compiled. */
export interface Programs {
  readonly initramfsInit: Buffer;
  readonly init: Buffer;
  readonly portRelay: Buffer;
  readonly frontDoor: Buffer;
  readonly probe: Buffer;
  readonly daemon: Buffer;
}

/** Directory with a Makefile → what it makes. */
const compiled = {
  init: 'vm-image/init/build/init',
  initramfsInit: 'vm-image/init/build/initramfs-init',
  portRelay: 'vm-image/init/build/port-relay',
  frontDoor: 'src/runtime/front-door/build/bulkhead-runtime',
  probe: 'vm-image/probe/build/probe',
} as const;

const makeDirs = ['vm-image/init', 'src/runtime/front-door', 'vm-image/probe'];

/** Compiles the C programs and bundles the daemon. Throws `BH_IMAGE_STEP_FAILED` or `BH_IMAGE_INPUT_MISSING`. */
export async function buildPrograms(projectDir: string, exec: Exec, signal?: AbortSignal): Promise<Programs> {
  for (const dir of makeDirs) await runStep('make', ['--silent', '-C', join(projectDir, dir)], exec, signal);
  const read = (path: string, what: string): Promise<Buffer> => readInput(join(projectDir, path), what);
  return {
    init: await read(compiled.init, 'PID 1'),
    initramfsInit: await read(compiled.initramfsInit, 'the program of the initramfs'),
    portRelay: await read(compiled.portRelay, 'the relay of the control channel'),
    frontDoor: await read(compiled.frontDoor, 'the front door'),
    probe: await read(compiled.probe, 'the probe'),
    daemon: await bundleDaemon(projectDir),
  };
}

/**
 * Bundles the daemon from its sources into one ES module, so that the image holds no node_modules and Node opens one file. Minified: comments
 * name paths of this machine. CommonJS parts of dependencies call `require`, which an ES module does not have by itself.
 */
export async function bundleDaemon(projectDir: string): Promise<Buffer> {
  const entry = join(projectDir, 'src/daemon/main.ts');
  await readInput(entry, 'the daemon');
  const { build } = await import('esbuild');
  try {
    const result = await build({
      absWorkingDir: projectDir,
      entryPoints: [entry],
      bundle: true,
      write: false,
      platform: 'node',
      format: 'esm',
      target: 'node24',
      minify: true,
      keepNames: true,
      legalComments: 'none',
      logLevel: 'silent',
      banner: {
        js: "import{createRequire as bulkheadRequire}from'node:module';const require=bulkheadRequire(import.meta.url);",
      },
    });
    return Buffer.from(result.outputFiles[0]?.contents ?? []);
  } catch (cause) {
    const reason =
      cause instanceof Error ? (cause.message.split('\n')[1] ?? cause.message) : 'unknown reason';
    throw new BulkheadError('BH_IMAGE_STEP_FAILED', { step: 'bundling the daemon', reason }, { cause });
  }
}

async function readInput(file: string, what: string): Promise<Buffer> {
  try {
    return await readFile(file);
  } catch (cause) {
    throw new BulkheadError('BH_IMAGE_INPUT_MISSING', { file, what }, { cause });
  }
}
