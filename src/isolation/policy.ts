/** A device node containers may have: the node must be exactly this path and these numbers. */
export interface DeviceNode {
  readonly path: string;
  readonly major: number;
  readonly minor: number;
}

/** What the organization decides about isolation. There is no key to switch isolation off for a container. */
export interface IsolationPolicy {
  /** Whom a refusal tells the reader to ask. */
  readonly contact: string;
  /** Whether `--privileged` is served (confined to the container's own namespaces) or refused. */
  readonly allowPrivileged: boolean;
  /**
   * What a build step gets that asks for the host's network (`--network=host`): a refusal, or the builder's own network, which is neither
   * the VM's nor another container's.
   */
  readonly buildHostNetwork: 'refused' | 'private';
  /** What a build step gets that asks for `--security=insecure`: a refusal, or what `--privileged` gives a container, if that is served. */
  readonly buildInsecure: 'refused' | 'confined';
  /**
   * Devices beyond null, zero, full, random, urandom and tty that a container may ask for with `--device`;
   * a privileged container gets all of them that exist.
   */
  readonly devices: readonly DeviceNode[];
  /**
   * Ids of each container, from 0 on. Images with higher ones need more; rounded up to multiples of 65536, of which there are 32,766.
   */
  readonly idsPerContainer: number;
  /** Cgroups a container may be placed under: the engine's own, buildx's builders', and what `--cgroup-parent` may name. */
  readonly cgroupParents: readonly string[];
  /** Lowest oom_score_adj a container gets; lower requests are raised to it. -1000..1000. */
  readonly minimumOomScoreAdj: number;
  /** System calls taken off the seccomp floor, by name. */
  readonly seccompExempt: readonly string[];
}

export const defaultPolicy: IsolationPolicy = {
  contact: 'your administrator',
  allowPrivileged: true,
  buildHostNetwork: 'refused',
  buildInsecure: 'refused',
  devices: [
    { path: '/dev/fuse', major: 10, minor: 229 },
    { path: '/dev/net/tun', major: 10, minor: 200 },
  ],
  /* What images expect: 0 to 65535. */
  idsPerContainer: 65_536,
  cgroupParents: ['/docker', '/docker/buildx'],
  minimumOomScoreAdj: -400,
  seccompExempt: [],
};
