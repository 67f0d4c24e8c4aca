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
  readonly sharePlace: Buffer;
  readonly refreshViews: Buffer;
  readonly socketRelay: Buffer;
  readonly agentRelay: Buffer;
  readonly bodyPump: Buffer;
  readonly publishPort: Buffer;
  readonly nameServer: Buffer;
  readonly egressRelay: Buffer;
  readonly frontDoor: Buffer;
  readonly attachFiles: Buffer;
  readonly probe: Buffer;
  readonly daemon: Buffer;
}

/** Directory with a Makefile, and the variable of it that says where to build. */
const makefiles = [
  { dir: 'vm-image/init', variable: 'OUT' },
  { dir: 'src/runtime/front-door', variable: 'BUILD' },
  { dir: 'src/runtime/attach-files', variable: 'OUT' },
  { dir: 'src/daemon/refresh-views', variable: 'OUT' },
  { dir: 'src/daemon/socket-relay', variable: 'OUT' },
  { dir: 'src/daemon/agent-relay', variable: 'OUT' },
  { dir: 'src/daemon/body-pump', variable: 'OUT' },
  { dir: 'src/daemon/publish-port', variable: 'OUT' },
  { dir: 'vm-image/name-server', variable: 'OUT' },
  { dir: 'src/egress/relay', variable: 'OUT' },
  { dir: 'vm-image/probe', variable: 'OUT' },
] as const;

/**
 * Compiles the C programs and bundles the daemon. It compiles into `workDir` and not beside the sources: what lies there may be made with other
 * flags, or by somebody else at this moment. Throws `BH_IMAGE_STEP_FAILED` or `BH_IMAGE_INPUT_MISSING`.
 */
export async function buildPrograms(
  projectDir: string,
  workDir: string,
  exec: Exec,
  signal?: AbortSignal,
): Promise<Programs> {
  for (const { dir, variable } of makefiles) {
    const source = join(projectDir, dir);
    await readInput(join(source, 'Makefile'), 'how to compile our programs');
    await runStep('make', ['--silent', '--jobs=2', '-C', source, `${variable}=${workDir}`], exec, signal);
  }
  const read = (name: string): Promise<Buffer> =>
    readInput(join(workDir, name), 'it should have been compiled');
  return {
    init: await read('init'),
    initramfsInit: await read('initramfs'),
    portRelay: await read('port-relay'),
    sharePlace: await read('share-place'),
    refreshViews: await read('refresh-views'),
    socketRelay: await read('socket-relay'),
    agentRelay: await read('agent-relay'),
    bodyPump: await read('body-pump'),
    publishPort: await read('publish-port'),
    nameServer: await read('name-server'),
    egressRelay: await read('egress-relay'),
    frontDoor: await read('bulkhead-runtime'),
    attachFiles: await read('attach-files'),
    probe: await read('probe'),
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
