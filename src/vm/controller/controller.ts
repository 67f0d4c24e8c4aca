import { BulkheadError } from '../../common/errors/bulkhead-error.js';
import { toWire } from '../../common/errors/wire-error.js';
import type { Accelerator, Vm } from '../backend.js';
import { recordInForce } from '../documents/index.js';
import { describePhase } from '../failure-cause.js';
import type { GuestLink } from '../guest-link.js';
import { guestFacts } from './guest-facts.js';
import { GuestHealth } from './guest-health.js';
import type { InstancePaths } from '../instance/paths.js';
import { Deadline } from '../lifecycle/deadline.js';
import { Lifecycle } from '../lifecycle/lifecycle.js';
import type { VmState, VmStateName } from '../lifecycle/state.js';
import { Machine, type PlugReason } from '../machine.js';
import type { Phase } from '../phases.js';
import { toUserError } from '../user-error.js';
import { type ControllerParts, type PreparedVm, prepareVm } from './prepare.js';
import { plugNote } from './plug-note.js';
import type { PreparedShares } from './prepare-shares.js';
import { ProgressLog } from './progress-log.js';
import type { ControllerShareChange } from './share-question.js';
import { SharedNow } from './shared-now.js';
import type { ControllerStatus } from './status.js';

const noPlaces = {
  reason: 'the VM was booted without shared directories, so its memory is not one that their servers can see',
};

const guestStatusDeadlineMs = 2_000;
const bootTimeoutMs = (accelerator: Accelerator): number => (accelerator === 'tcg' ? 300_000 : 90_000);

/** Takes one VM through its life: from verifying its image to its end. One controller runs one VM once. */
export class Controller {
  readonly progress = new ProgressLog();
  readonly #parts: ControllerParts;
  readonly #lifecycle = new Lifecycle();
  readonly #bootDeadline: Deadline;
  readonly #started: { readonly at: Date; readonly ms: number };
  readonly #health = new GuestHealth(() => this.#askGuest());
  readonly #phases: { phase: Phase; atMs: number; guestUptimeMs: number | null }[] = [];
  /** Aborted when preparing has lost its purpose. */
  readonly #preparing = new AbortController();
  #prepared: PreparedVm | undefined;
  #machine: Machine | undefined;
  #shared: SharedNow | undefined;
  #readyAfterMs: number | undefined;
  #since = new Date();
  #plugPulled = false;
  #told: { readonly state: VmStateName; readonly phase: Phase | undefined } | undefined;

  constructor(parts: ControllerParts) {
    this.#parts = parts;
    this.#started = { at: new Date(), ms: parts.clock.now() };
    this.#bootDeadline = new Deadline(parts.clock, () => this.#bootTimedOut());
    this.#lifecycle.onEvent((state, event) => {
      parts.logger.info({ state: state.name, event: event.type }, 'lifecycle');
      if (state.name === 'ready') this.#becameReady();
      this.#tell(state);
    });
  }

  get paths(): InstancePaths {
    return this.#parts.paths;
  }

  get state(): VmState {
    return this.#lifecycle.state;
  }

  get link(): GuestLink | undefined {
    return this.#prepared?.link;
  }

  /** Runs the VM until it ends. Resolves with the final state, `stopped` or `failed`; nothing is left running then. */
  async run(): Promise<VmState> {
    this.#lifecycle.dispatch({ type: 'up' });
    try {
      const prepared = await prepareVm(this.#parts, this.#preparing.signal, (text) => {
        this.progress.add({ kind: 'note', text });
      });
      this.#prepared = prepared;
      this.#lifecycle.dispatch({ type: 'image-verified' });
      const machine = await this.#start(prepared);
      const { exit, cause } = await machine.ended;
      this.#parts.logger.info({ exit }, 'the VM is gone');
      return this.#lifecycle.dispatch({ type: 'gone', cause });
    } catch (error) {
      const machine = this.#machine;
      if (machine !== undefined) await machine.vm.destroy();
      // What fails because it was told to stop is no failure.
      const cause = this.#preparing.signal.aborted ? undefined : toUserError(error);
      if (cause !== undefined) this.#parts.logger.error({ err: error }, cause.message);
      return this.#lifecycle.dispatch({ type: 'gone', cause });
    } finally {
      this.#bootDeadline.cancel();
      await this.#prepared?.[Symbol.asyncDispose]();
    }
  }

  /** Stops the VM in order, whatever it is doing. May be called again; `run` then resolves. */
  down(): void {
    const { name } = this.state;
    if (name === 'stopped' || name === 'failed' || name === 'stopping') return;
    this.#lifecycle.dispatch({ type: 'down' });
    this.#preparing.abort(new Error('the instance was told to stop'));
    void this.#stopMachine(true);
  }

  /** @param within milliseconds; where the guest takes longer, its last word is told, with its age. Without it only its present one is. */
  async status(within?: number): Promise<ControllerStatus> {
    const { paths, options } = this.#parts;
    const { state } = this;
    const { host, manifest, network, policy, agent } = this.#prepared ?? {};
    const guest = state.name === 'ready' ? await this.#health.word(within) : undefined;
    return {
      name: paths.name,
      state: state.name,
      pid: process.pid,
      vmPid: this.#machine?.vm.pid ?? null,
      backend: host?.description ?? null,
      accelerator: host?.accelerator ?? null,
      note: host?.note ?? null,
      image: options.image,
      rootHash: manifest?.verity.rootHash ?? null,
      dockerHost: `unix://${paths.dockerSocket}`,
      startedAt: this.#started.at.toISOString(),
      stateSince: this.#since.toISOString(),
      memoryMiB: options.memoryMiB,
      cpus: options.cpus,
      readyAfterMs: this.#readyAfterMs ?? null,
      phases: this.#phases,
      consoleLog: paths.consoleLog,
      dataDisk: paths.dataDisk,
      network: network?.cidr ?? null,
      ports: [...(this.link?.ports() ?? [])],
      shares: this.#shared?.requests ?? [],
      sshAgent: agent !== undefined,
      policy: policy === undefined ? null : { file: policy.file, sha256: policy.sha256 },
      error: state.name === 'failed' ? toWire(state.cause) : null,
      guest: guest?.document ?? null,
      facts: guestFacts(guest?.document),
      guestAt: guest?.at ?? null,
      guestAnswered: guest?.answered ?? false,
    };
  }

  /**
   * Has a directory come to containers or go, while the VM runs.
   *
   * @throws BH_INSTANCE_NOT_READY, BH_SHARE_…
   */
  async changeShares(change: ControllerShareChange): Promise<void> {
    const shared = this.#shared;
    if (shared === undefined || this.state.name !== 'ready') throw this.notReady();
    await (change.kind === 'add' ? shared.add(change.share) : shared.remove(change.path, change.force));
  }

  notReady(): BulkheadError {
    const { name, consoleLog: console } = this.paths;
    return new BulkheadError('BH_INSTANCE_NOT_READY', { name, state: this.state.name, console });
  }

  #sharedNow({ shares, openMore, record, servers }: PreparedShares, vm: Vm, link: GuestLink): SharedNow {
    const { logger } = this.#parts;
    const open = openMore ?? (() => Promise.reject(new BulkheadError('BH_SHARE_RESTART', noPlaces)));
    return new SharedNow(shares, { open, record, servers, vm, link, logger });
  }

  /** Its first word is asked for at once: it takes longest, and who asks how the VM is has little time. */
  #becameReady(): void {
    if (this.#readyAfterMs !== undefined) return;
    this.#readyAfterMs = this.#elapsed();
    void this.#health.fresh();
  }

  /** An event that changed nothing a person can see is not told. */
  #tell(state: VmState): void {
    const phase = state.name === 'booting' ? state.phase : undefined;
    if (this.#told?.state === state.name && this.#told.phase === phase) return;
    if (this.#told?.state !== state.name) this.#since = new Date();
    this.#told = { state: state.name, phase };
    this.progress.add({
      kind: 'state',
      state: state.name,
      atMs: this.#elapsed(),
      ...(phase === undefined ? {} : { phase }),
      ...(state.name === 'failed' ? { error: toWire(state.cause) } : {}),
      ...(state.name === 'stopped' ? { inOrder: !this.#plugPulled } : {}),
    });
  }

  async #askGuest(): Promise<unknown> {
    return this.link?.status(AbortSignal.timeout(guestStatusDeadlineMs));
  }

  async #start({ spec, host, link, shares }: PreparedVm): Promise<Machine> {
    const { backend, options } = this.#parts;
    const vm = await backend.start(spec, host, this.#preparing.signal);
    this.#shared = this.#sharedNow(shares, vm, link);
    link.onSession(() => void this.#shared?.tellAgain());
    link.attach(vm);
    const machine = new Machine(
      vm,
      spec,
      {
        phase: (phase, uptimeMs) => void this.#phase(phase, uptimeMs),
        failure: (cause) => this.#guestFailed(cause),
      },
      this.#parts.logger,
    );
    this.#machine = machine;
    this.#lifecycle.dispatch({ type: 'vm-started' });
    this.#bootDeadline.restart(options.timeoutMs ?? bootTimeoutMs(host.accelerator));
    // It may have been told to stop while it started, when there was no machine to stop yet.
    if (this.state.name === 'stopping') void this.#stopMachine(false);
    return machine;
  }

  async #phase(phase: Phase, guestUptimeMs: number | undefined): Promise<void> {
    this.#phases.push({ phase, atMs: this.#elapsed(), guestUptimeMs: guestUptimeMs ?? null });
    if (phase === 'policy-sealed') this.#recordPolicy();
    // Ready means that the host can use the engine, not only that the guest can.
    if (phase === 'engine-ready' && !(await this.#isReachable())) return;
    const { name } = this.state;
    if (name !== 'booting' && name !== 'ready' && name !== 'stopping') return;
    this.#lifecycle.dispatch({ type: 'phase', phase });
    if (this.state.name !== 'booting') this.#bootDeadline.cancel();
  }

  /** Only now: a policy that the guest refused was never in force, and its serial must not keep an older one out. */
  #recordPolicy(): void {
    const { policy, manifest } = this.#prepared ?? {};
    if (policy === undefined || manifest?.policyKey === undefined) return;
    try {
      recordInForce(this.#parts.paths.policyRecords, policy);
    } catch (error) {
      // The data disk has the same record.
      this.#parts.logger.error({ err: error }, 'the policy was not recorded on the host');
    }
  }

  async #isReachable(): Promise<boolean> {
    try {
      await this.link?.connected;
      return true;
    } catch (error) {
      this.#guestFailed(toUserError(error));
      return false;
    }
  }

  #guestFailed(cause: BulkheadError): void {
    // Once ready, the guest restarts a failed engine itself, and containers may still be running.
    if (this.state.name === 'booting') this.#giveUp(cause);
  }

  #bootTimedOut(): void {
    const { consoleLog: console } = this.#parts.paths;
    const seconds = Math.round(this.#elapsed() / 1000);
    const phase = describePhase(this.#machine?.lastPhase);
    this.#giveUp(new BulkheadError('BH_VM_BOOT_TIMEOUT', { phase, seconds, console }));
  }

  #giveUp(cause: BulkheadError): void {
    this.#lifecycle.dispatch({ type: 'give-up', cause });
    void this.#stopMachine(false);
  }

  async #stopMachine(orderly: boolean): Promise<void> {
    const machine = this.#machine;
    if (machine === undefined) return;
    const link = this.link;
    const powerOff =
      orderly && link !== undefined ? (signal: AbortSignal) => link.powerOff(signal) : undefined;
    await machine.stop(powerOff, this.#parts.clock, (why) => this.#pullPlug(why));
  }

  /** Told before it is done, because whoever waits for the end of the VM hears nothing after it. */
  #pullPlug(why: PlugReason): void {
    this.#parts.logger.warn({ why }, 'the VM did not stop in order and is ended');
    // What was still booting had nothing of a person's to lose, and cannot be asked.
    if (this.#readyAfterMs === undefined) return;
    this.#plugPulled = true;
    this.progress.add({ kind: 'note', text: plugNote(why) });
  }

  #elapsed(): number {
    return Math.round(this.#parts.clock.now() - this.#started.ms);
  }
}
