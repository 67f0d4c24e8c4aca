import { isIPv6 } from 'node:net';
import { BulkheadError, isBulkheadError } from '../../common/errors/bulkhead-error.js';
import type { Clock } from '../../common/clock.js';
import type { HostForward, ServedShare, Vm, VmExit } from '../backend.js';
import { portIds } from './arguments.js';
import { backlogOf, type BacklogParts } from './backlog.js';
import { Forward6, forward6Library } from './forward6.js';
import { addCommand, removeCommand, runMonitorCommand } from './host-forward.js';
import { keepConsole } from './console-log.js';
import { classifyQemuEnd, lastWords } from './exit.js';
import { idleSocketsLibrary } from './idle-sockets.js';
import { guardLibraries, missingGuard } from './loopback-guard.js';
import { preloading } from './preloaded.js';
import { type QemuProcess, spawnQemu } from './process.js';
import { QmpClient } from './qmp-client.js';
import type { QmpEvent } from './qmp-messages.js';
import { ShareDevices } from './share-devices.js';

const monitorDeadlineMs = 15_000;
const quitDeadlineMs = 2_000;

export interface QemuVmParts extends BacklogParts {
  readonly clock: Clock;
  /** Whose devices it has from the start. */
  readonly shares?: readonly ServedShare[];
  /** Bytes of its memory, if others are to see it (`sharedMemoryOf`). */
  readonly memory?: number | undefined;
  /** Where it runs if it is not to reach the loopback of the host for its guest. */
  readonly guardedOn?: NodeJS.Platform | undefined;
  /** Of the user alone, and QEMU's where it is to listen at IPv6 addresses. */
  readonly forward6Directory?: string | undefined;
}

/**
 * Starts a QEMU whose command line ends paused (`-S`), listens to its monitor and lets it run.
 *
 * Rejects with `BH_QEMU_UNUSABLE`, its standard error in the text, when it ends or keeps silent before that; then nothing is left
 * running.
 */
export async function startQemuVm(
  binary: string,
  args: readonly string[],
  consoleLog: string,
  parts: QemuVmParts,
  signal: AbortSignal,
): Promise<Vm> {
  const { clock, guardedOn, memory, forward6Directory } = parts;
  const added = {
    ...preloading([
      ...guardLibraries(guardedOn),
      ...(forward6Directory === undefined ? [] : [forward6Library, idleSocketsLibrary]),
    ]),
    ...(forward6Directory === undefined ? {} : await Forward6.environment(forward6Directory)),
  };
  const qemu = await spawnQemu(binary, args, { added, memory });
  const kept = keepConsole(qemu.console, consoleLog);
  const qmp = new QmpClient(qemu.qmp);
  const deadline = new AbortController();
  void expire(clock, monitorDeadlineMs, deadline);
  const vm = new QemuVm(qemu, qmp, kept, parts);
  try {
    const either = AbortSignal.any([signal, deadline.signal]);
    await qmp.connect(either);
    const unguarded = await missingGuard(qemu.pid, guardedOn);
    if (unguarded !== undefined) throw new BulkheadError('BH_QEMU_UNUSABLE', { binary, reason: unguarded });
    vm.forward6 = await Forward6.of(qemu.pid, forward6Directory);
    await qmp.execute('cont', {}, either);
    return vm;
  } catch (cause) {
    qemu.kill();
    const { code, signal: killedBy, stderr } = await qemu.ended;
    signal.throwIfAborted();
    if (isBulkheadError(cause) && cause.code === 'BH_QEMU_UNUSABLE') throw cause;
    const silent = deadline.signal.aborted
      ? `it did not answer within ${monitorDeadlineMs / 1000} s`
      : undefined;
    const how = killedBy === null ? `it ended at once with status ${code}` : `it was ended by ${killedBy}`;
    const reason = `${silent ?? how}: ${lastWords(stderr)}`;
    throw new BulkheadError('BH_QEMU_UNUSABLE', { binary, reason }, { cause });
  } finally {
    deadline.abort();
  }
}

/** Aborts after `ms`, unless something else aborts it first. */
async function expire(clock: Clock, ms: number, deadline: AbortController): Promise<void> {
  await clock.sleep(ms, deadline.signal).catch(() => undefined);
  deadline.abort();
}

class QemuVm implements Vm {
  readonly pid: number;
  readonly phasePort;
  readonly controlPort;
  readonly exited: Promise<VmExit>;
  /** Undefined where it listens at addresses of IPv4 alone. */
  forward6: Forward6 | undefined;
  readonly #qemu: QemuProcess;
  readonly #qmp: QmpClient;
  readonly #clock: Clock;
  readonly #deepenBacklog: () => Promise<void>;
  readonly #shares: ShareDevices;
  readonly #portListeners = new Set<(open: boolean) => void>();
  #controlOpen = false;

  constructor(qemu: QemuProcess, qmp: QmpClient, consoleKept: Promise<void>, parts: QemuVmParts) {
    this.#qemu = qemu;
    this.#qmp = qmp;
    this.#clock = parts.clock;
    this.#shares = new ShareDevices(qmp, parts.clock, parts.shares ?? []);
    this.#deepenBacklog = backlogOf(qemu.pid, parts);
    this.pid = qemu.pid;
    this.phasePort = qemu.phase;
    this.controlPort = qemu.control;
    const events: QmpEvent[] = [];
    qmp.onEvent((event) => {
      if (event.event === 'SHUTDOWN' || event.event === 'GUEST_PANICKED') events.push(event);
      if (event.event === 'VSERPORT_CHANGE') this.#portChanged(event);
    });
    // The process may be gone before the last event was read from the socket, or the last words of the guest from its console.
    this.exited = Promise.all([qemu.ended, qmp.closed, consoleKept]).then(([end]) =>
      classifyQemuEnd({ ...end, events }),
    );
  }

  onControlPort(listener: (open: boolean) => void): () => void {
    this.#portListeners.add(listener);
    listener(this.#controlOpen);
    return () => this.#portListeners.delete(listener);
  }

  get forwardsIPv6(): boolean {
    return this.forward6 !== undefined;
  }

  async addForward(forward: HostForward): Promise<void> {
    const add = (address: string): Promise<void> =>
      runMonitorCommand(this.#qmp, addCommand({ ...forward, address }));
    await (isIPv6(forward.address) ? this.#ownForward6().add(forward, add) : add(forward.address));
    await this.#deepenBacklog();
  }

  async removeForward(forward: Omit<HostForward, 'guestPort'>): Promise<void> {
    const remove = (address: string): Promise<void> =>
      runMonitorCommand(this.#qmp, removeCommand({ ...forward, address }));
    await (isIPv6(forward.address) ? this.#ownForward6().remove(forward, remove) : remove(forward.address));
  }

  #ownForward6(): Forward6 {
    if (this.forward6 === undefined) throw new Error('this QEMU listens at IPv4 addresses alone');
    return this.forward6;
  }

  async addShare(share: ServedShare): Promise<void> {
    await this.#shares.add(share);
  }

  async removeShare(tag: string): Promise<void> {
    await this.#shares.remove(tag);
  }

  async destroy(): Promise<VmExit> {
    const quit = new AbortController();
    void this.#killAfter(quitDeadlineMs, quit.signal);
    // `quit` flushes and closes the disk images; one that does not answer is killed.
    await this.#qmp.execute('quit', {}, quit.signal).catch(() => undefined);
    const exit = await this.exited;
    quit.abort();
    return exit;
  }

  async #killAfter(ms: number, signal: AbortSignal): Promise<void> {
    try {
      await this.#clock.sleep(ms, signal);
    } catch {
      return;
    }
    this.#qemu.kill();
  }

  #portChanged({ data }: QmpEvent): void {
    if (data['id'] !== portIds.control || typeof data['open'] !== 'boolean') return;
    this.#controlOpen = data['open'];
    for (const listener of this.#portListeners) listener(this.#controlOpen);
  }
}
