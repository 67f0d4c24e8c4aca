import { spawn } from 'node:child_process';
import { closeSync, lstatSync, renameSync } from 'node:fs';
import { Duplex } from 'node:stream';
import { BulkheadError } from '../../common/errors/bulkhead-error.js';
import { fromWire } from '../../common/errors/wire-error.js';
import type { InstancePaths } from '../instance/paths.js';
import { makeInstanceDirectories } from '../instance/directories.js';
import { readLines } from '../../common/line-reader.js';
import { openLog } from '../../common/open-log.js';
import { largestLog } from './log-file.js';
import { type Progress, progressSchema } from './progress.js';

/**
 * Starts the controller of an instance as a process of its own, in its own session so that closing the terminal does not reach
 * it, and calls back for its progress. Resolves when the VM is ready.
 *
 * Rejects with the controller's own error, or `BH_CONTROLLER_CRASHED` when it ended without one. An abort tells it to stop;
 * the promise then still settles only when it is gone.
 */
export async function startController(
  paths: InstancePaths,
  command: readonly [string, ...string[]],
  onProgress: (progress: Progress) => void,
  signal: AbortSignal,
): Promise<void> {
  await makeInstanceDirectories(paths);
  const log = openControllerLog(paths.controllerLog);
  const [file, ...args] = command;
  const child = spawn(file, args, { detached: true, stdio: ['ignore', log, log, 'pipe'], cwd: '/' });
  closeSync(log);
  const pipe = child.stdio[3];
  if (!(pipe instanceof Duplex)) throw new TypeError('no progress pipe');
  const stop = (): void => void child.kill('SIGTERM');
  signal.addEventListener('abort', stop);
  const exited = new Promise<string>((resolve) => {
    child.once('error', (error) => resolve(error.message));
    child.once('exit', (code, signal) => resolve(signal === null ? `status ${code}` : `signal ${signal}`));
  });
  try {
    const last = await followPipe(pipe, onProgress);
    if (last?.state === 'ready') return;
    const how = await exited;
    if (last?.error !== undefined) throw fromWire(last.error);
    if (last?.state === 'stopped')
      throw signal.reason ?? new BulkheadError('BH_INSTANCE_NOT_RUNNING', { name: paths.name });
    const { name, controllerLog } = paths;
    throw new BulkheadError('BH_CONTROLLER_CRASHED', { name, reason: how, log: controllerLog });
  } finally {
    signal.removeEventListener('abort', stop);
    pipe.destroy();
    child.unref();
  }
}

/** Resolves with the last state: `ready`, or whatever it was when the pipe closed. */
function followPipe(
  pipe: Duplex,
  onProgress: (progress: Progress) => void,
): Promise<(Progress & { kind: 'state' }) | undefined> {
  let last: (Progress & { kind: 'state' }) | undefined;
  return new Promise((resolve, reject) => {
    readLines(pipe, (line) => {
      const parsed = progressSchema.safeParse(parseJson(line));
      if (!parsed.success) return;
      onProgress(parsed.data);
      if (parsed.data.kind !== 'state') return;
      last = parsed.data;
      if (last.state === 'ready') resolve(last);
    }).then(() => resolve(last), reject);
  });
}

function parseJson(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}

/** The log of the present controller is appended to that of the earlier ones; a long one is kept once more under another name. */
function openControllerLog(file: string): number {
  const size = lstatSync(file, { throwIfNoEntry: false })?.size ?? 0;
  if (size > largestLog) renameSync(file, `${file}.1`);
  return openLog(file, 'its end');
}
