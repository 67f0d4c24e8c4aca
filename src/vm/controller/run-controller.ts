import { Socket } from 'node:net';
import { unlink } from 'node:fs/promises';
import type { Logger } from '../../common/log.js';
import { systemClock } from '../../common/system-clock.js';
import { systemExec } from '../../common/exec.js';
import { toWire } from '../../common/errors/wire-error.js';
import { cacheRoot, useCached } from '../../image/index.js';
import { openGuestLink } from '../channel-link.js';
import { settleDisk, systemDiskFiles } from '../disk/index.js';
import { makeInstanceDirectories } from '../instance/directories.js';
import { lockInstance } from '../instance/lock.js';
import type { InstancePaths } from '../instance/paths.js';
import { isFailed } from '../lifecycle/state.js';
import { QemuBackend } from '../qemu/qemu-backend.js';
import { listenTcpApi } from '../tcp-api/listen-tcp-api.js';
import { toUserError } from '../user-error.js';
import { Controller } from './controller.js';
import { serveControl } from './control-server.js';
import type { ControllerOptions } from './options.js';
import type { Progress } from './progress.js';
import { writeRecord } from './record.js';

/** Descriptor on which the command that started the controller is told of the progress. */
export const progressDescriptor = 3;

/**
 * The background process of an instance: holds its lock, runs its VM, serves its control socket. Ends with the VM.
 * SIGTERM is an orderly stop. Resolves with the exit status,
 * with which the caller must then end the process: answers to those who wait for that are still open.
 */
export async function runController(
  paths: InstancePaths,
  options: ControllerOptions,
  logger: Logger,
  announce: (progress: Progress) => void,
): Promise<number> {
  try {
    await makeInstanceDirectories(paths);
    await using lock = await lockInstance(paths.lock, paths.name);
    await using _image = await useCached(cacheRoot(), options.image);
    if (lock.wasStale) logger.warn('the previous controller had ended without giving up its lock');
    const disk = await settleDisk(systemDiskFiles(paths.diskRecord), paths.dataDisk);
    if (disk.note !== undefined) announce({ kind: 'note', text: disk.note });
    return await runLocked(
      { ...paths, dataDisk: disk.file, diskRecorded: disk.recorded },
      options,
      logger,
      announce,
    );
  } catch (error) {
    const failure = toUserError(error);
    logger.error({ err: error }, failure.message);
    announce({ kind: 'state', state: 'failed', atMs: 0, error: toWire(failure) });
    return failure.exitCode;
  }
}

async function runLocked(
  paths: InstancePaths,
  options: ControllerOptions,
  logger: Logger,
  announce: (progress: Progress) => void,
): Promise<number> {
  const backend = new QemuBackend({
    exec: systemExec,
    clock: systemClock,
    env: process.env,
    platform: process.platform,
    cacheDir: cacheRoot(),
    logger,
  });
  const controller = new Controller({
    paths,
    options,
    backend,
    clock: systemClock,
    env: process.env,
    logger,
    openLink: (mayAsk) => openGuestLink(paths.dockerSocket, mayAsk, systemClock, logger),
  });
  controller.progress.follow((progress) => {
    if (progress.kind === 'state') writeRecord(paths.record, recordOf(progress));
    announce(progress);
  });
  await using _tcp = options.exposeTcp === true ? await listenTcpApi(paths.dockerSocket) : undefined;
  const server = await serveControl(paths.controllerSocket, controller);
  const stop = (): void => controller.down();
  process.on('SIGTERM', stop).on('SIGINT', stop);
  try {
    const state = await controller.run();
    return isFailed(state) ? state.cause.exitCode : 0;
  } finally {
    server.close();
    await unlink(paths.controllerSocket).catch(() => undefined);
  }
}

function recordOf(progress: Progress & { kind: 'state' }): Parameters<typeof writeRecord>[1] {
  const { state, error } = progress;
  return { pid: process.pid, state, ...(error === undefined ? {} : { error }) };
}

/** Writes progress to the descriptor the starting command reads, for as long as it does. */
export function progressPipe(): (progress: Progress) => void {
  const pipe = new Socket({ fd: progressDescriptor, readable: false, writable: true });
  // The command may have ended, Ctrl-C for one; the VM goes on without it.
  pipe.on('error', () => undefined);
  pipe.unref();
  return (progress) => {
    if (!pipe.destroyed) pipe.write(`${JSON.stringify(progress)}\n`);
  };
}
