import { type Duplex, duplexPair, PassThrough } from 'node:stream';
import type {
  HostForward,
  ServedShare,
  Vm,
  VmBackend,
  VmCapabilities,
  VmExit,
  VmHost,
  VmSpec,
} from '../backend.js';

/** A VM that does what a test tells it. */
export class FakeVm implements Vm {
  readonly pid = 4242;
  readonly forwardsIPv6 = false;
  readonly phasePort = new PassThrough();
  readonly controlPort: Duplex;
  /** The guest's end of the control channel. */
  readonly guestControl: Duplex;
  readonly exited: Promise<VmExit>;
  readonly spec: VmSpec;
  /** Those there are now. */
  forwards: HostForward[] = [];
  /** Likewise, by tag. */
  shares: string[];
  readonly #exit = Promise.withResolvers<VmExit>();
  readonly #listeners = new Set<(open: boolean) => void>();
  #open = false;

  constructor(spec: VmSpec) {
    this.spec = spec;
    this.shares = spec.shares.map(({ tag }) => tag);
    [this.controlPort, this.guestControl] = duplexPair();
    this.exited = this.#exit.promise;
  }

  /** What the guest writes to its phase port. */
  say(message: object): void {
    this.phasePort.write(`${JSON.stringify(message)}\n`);
  }

  openControlPort(open: boolean): void {
    this.#open = open;
    for (const listener of this.#listeners) listener(open);
  }

  end(exit: VmExit): void {
    this.phasePort.end();
    this.controlPort.destroy();
    this.#exit.resolve(exit);
  }

  onControlPort(listener: (open: boolean) => void): () => void {
    this.#listeners.add(listener);
    listener(this.#open);
    return () => this.#listeners.delete(listener);
  }

  async addForward(forward: HostForward): Promise<void> {
    this.forwards.push(forward);
  }

  async removeForward({ protocol, address, port }: Omit<HostForward, 'guestPort'>): Promise<void> {
    this.forwards = this.forwards.filter(
      (forward) => forward.protocol !== protocol || forward.address !== address || forward.port !== port,
    );
  }

  async addShare({ tag }: ServedShare): Promise<void> {
    this.shares.push(tag);
  }

  async removeShare(tag: string): Promise<void> {
    this.shares = this.shares.filter((other) => other !== tag);
  }

  async destroy(): Promise<VmExit> {
    this.end({ kind: 'host-quit' });
    return this.exited;
  }
}

/** A machine on which every VM is a `FakeVm`. */
export class FakeBackend implements VmBackend {
  readonly capabilities: VmCapabilities = {
    backend: 'fake',
    accelerators: ['tcg'],
    directKernelBoot: true,
    dataDiskFormat: 'raw',
    reportsPanic: true,
    endsWithParent: true,
  };
  readonly host: VmHost = { program: '/fake', description: 'fake 1', accelerator: 'tcg', note: undefined };
  readonly #onStart: (vm: FakeVm) => void;

  constructor(onStart: (vm: FakeVm) => void) {
    this.#onStart = onStart;
  }

  async probe(signal: AbortSignal): Promise<VmHost> {
    signal.throwIfAborted();
    return this.host;
  }

  async start(spec: VmSpec, _host: VmHost, signal: AbortSignal): Promise<Vm> {
    signal.throwIfAborted();
    const vm = new FakeVm(spec);
    this.#onStart(vm);
    return vm;
  }
}
