import type { PortBinding } from './port-bindings.js';
import type { SharedPaths } from './shared-paths.js';

/** What of the organization's policy the gate needs (`IsolationPolicy` has it), and what of the host is shared. */
export interface GatePolicy {
  /** Whom a refusal tells the reader to ask. */
  readonly contact: string;
  /** Whether `--privileged` is served, of `docker exec` as well. */
  readonly allowPrivileged: boolean;
  /** No image comes out of an archive (`image-archives.ts`). */
  readonly blockDockerLoad: boolean;
  readonly portBinding: PortBinding;
  /** Addresses of the loopback that the engine can listen on. */
  readonly loopback: readonly string[];
  /** Whether some images may have the Docker socket; which, is decided elsewhere. */
  readonly dockerSocket: boolean;
  readonly shared: SharedPaths;
  /** Networks the VM itself is on, in CIDR form; none in native mode, where they are the host's, which may forward between them as it likes. */
  readonly ownNetworks: readonly string[];
}
