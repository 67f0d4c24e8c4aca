import type { Duplex, Readable } from 'node:stream';
import type { PortProtocol } from '../common/ports.js';
import type { DocumentDisk } from './documents/index.js';
import type { GuestNetwork } from './network/index.js';

export type Accelerator = 'kvm' | 'hvf' | 'whpx' | 'tcg';

/** What a backend can do on a machine. Logic asks this record, never the platform. */
export interface VmCapabilities {
  readonly backend: 'qemu' | 'hyperv' | 'fake';
  /** Best first; the last one always works. */
  readonly accelerators: readonly Accelerator[];
  /** The host supplies kernel and command line, hence the root hash: no boot loader to trust. */
  readonly directKernelBoot: boolean;
  readonly dataDiskFormat: 'raw' | 'vhdx';
  /** A panic of the guest kernel is told apart from a reset. */
  readonly reportsPanic: boolean;
  /** The VM ends with the process that started it, even when that one is killed. */
  readonly endsWithParent: boolean;
}

/** What the backend found on this machine, before any VM runs. */
export interface VmHost {
  /** Path of the hypervisor's program, where it has one. */
  readonly program: string;
  /** For people: "QEMU 10.0.2". */
  readonly description: string;
  readonly accelerator: Accelerator;
  /** One plain line a person should see, for example why there is no hardware acceleration. */
  readonly note: string | undefined;
}

/** A directory of the host on its way into a VM. */
export interface ServedShare {
  /** By which the guest mounts it. */
  readonly tag: string;
  /** Where its server takes the one connection it has. */
  readonly socket: string;
}

/** Everything that distinguishes one VM from another. Paths are absolute. */
export interface VmSpec {
  readonly name: string;
  readonly kernel: string;
  readonly initramfs: string;
  readonly root: string;
  readonly hash: string;
  readonly dataDisk: string;
  /** Small disks for the guest to read, each by its serial `bulkhead-<name>`, never to write. */
  readonly documents: readonly DocumentDisk[];
  /** Directories of the host, each by the socket its server listens on. */
  readonly shares: readonly ServedShare[];
  readonly commandLine: string;
  /** As the command line says it as well. */
  readonly network: GuestNetwork;
  readonly consoleLog: string;
  readonly memoryMiB: number;
  readonly cpus: number;
}

/** How a VM came to its end, as far as the backend can tell. Never guessed from the exit status alone: QEMU's is 0 after a panic. */
export type VmExit =
  | { readonly kind: 'guest-shutdown' }
  | { readonly kind: 'guest-reset' }
  | { readonly kind: 'guest-panic'; readonly detail: string }
  | { readonly kind: 'host-quit' }
  /** From outside. */
  | { readonly kind: 'killed'; readonly signal: string }
  /** By a defect of its own, or of the machine: a failed assertion, an access to memory it does not have. */
  | { readonly kind: 'crashed'; readonly signal: string; readonly stderr: string }
  | { readonly kind: 'exited'; readonly status: number; readonly stderr: string };

/** A port of the host, at an IPv4 address of it, by TCP at one of IPv6 as well where the VM `forwardsIPv6`, that leads to a port of the VM's own address. */
export interface HostForward {
  readonly protocol: PortProtocol;
  readonly address: string;
  readonly port: number;
  readonly guestPort: number;
}

/** A VM that was started. */
export interface Vm {
  readonly pid: number | undefined;
  /** JSON lines of the guest; see docs/architecture.md, "Phases". */
  readonly phasePort: Readable;
  /** The byte stream of the control channel. It exists from the start; see `onControlPort` for when somebody listens in the guest. */
  readonly controlPort: Duplex;
  /** Calls back at once with the present state, then at each change. Returns the way to stop listening. */
  onControlPort(listener: (open: boolean) => void): () => void;
  /** Whether it listens at IPv6 addresses of the host as well, by TCP. */
  readonly forwardsIPv6: boolean;
  /** Listens on the host. Rejects with the reason. What was added goes with the VM. */
  addForward(forward: HostForward): Promise<void>;
  /** Stops listening; connections that were made go on. Rejects with the reason. */
  removeForward(forward: Omit<HostForward, 'guestPort'>): Promise<void>;
  /** Puts the device of one more shared directory into it. Rejects with the reason; then there is none. */
  addShare(share: ServedShare): Promise<void>;
  /** Takes the device of one out, when the guest has let go of it. Rejects with the reason. */
  removeShare(tag: string): Promise<void>;
  /** Resolves, never rejects, when the VM is gone and everything it said has been read. */
  readonly exited: Promise<VmExit>;
  /** Ends the VM now, as pulling the plug does. Resolves with `exited`. */
  destroy(): Promise<VmExit>;
}

export interface VmBackend {
  readonly capabilities: VmCapabilities;
  /** Looks at the machine. Rejects with the error a person can act on. */
  probe(signal: AbortSignal): Promise<VmHost>;
  /** Resolves when the VM executes. Rejects when it could not be started, leaving nothing behind. */
  start(spec: VmSpec, host: VmHost, signal: AbortSignal): Promise<Vm>;
}
