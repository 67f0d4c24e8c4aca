import type { ShareRequest } from '../sharing/index.js';

/** What a person may choose about a VM; the CLI checks the values. */
export interface ControllerOptions {
  /** Absolute path of the image directory. */
  readonly image: string;
  /** Absolute path of the organization's policy; undefined for none. */
  readonly policy?: string | undefined;
  /** Absolute path of the user's settings; undefined for none. Read when the VM boots. */
  readonly settings?: string | undefined;
  /** Absolute path of the machine's registry.json; undefined for none. */
  readonly registry?: string | undefined;
  /** Directories of this machine that containers may bind; none: those of the settings. */
  readonly shares?: readonly ShareRequest[] | undefined;
  /** Whether containers may have the ssh agent of this machine's user, as with the setting `bulkhead.sshAgent`. */
  readonly sshAgent?: true | undefined;
  readonly memoryMiB: number;
  readonly cpus: number;
  /** Size of a new data disk. */
  readonly dataSizeMiB: number;
  /** Whether the API is offered on the host's loopback as well (`exposeDockerAPIOnTCP2375`). */
  readonly exposeTcp?: boolean | undefined;
  /** How long the boot may take; undefined for what the accelerator needs. */
  readonly timeoutMs: number | undefined;
}

/** Name of the hidden command that is the controller. */
export const controllerEntry = 'controller';
