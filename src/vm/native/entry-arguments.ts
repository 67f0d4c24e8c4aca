/** What the entry program is told; see `enter.c`. */
export interface EntryOptions {
  /** `root.erofs` of an image, or a directory that holds the same tree. */
  readonly root: string;
  readonly dataDir: string;
  readonly hostDir: string;
  readonly name: string;
  /** Descriptor, inherited by PID 1, on which phases arrive. */
  readonly phaseFd: number;
  /** Directories of the host, each by the descriptor the entry program inherits. */
  readonly shares: readonly { readonly fd: number; readonly path: string; readonly readOnly: boolean }[];
  /** Descriptor of the socket of the host's ssh agent. */
  readonly sshAgentFd?: number | undefined;
  /** Descriptor of the organization's policy, at its start. */
  readonly policyFd?: number | undefined;
  /** Descriptor of the user's settings, at its start. */
  readonly settingsFd?: number | undefined;
  /** Descriptor of the machine's registry.json, at its start. */
  readonly registryFd?: number | undefined;
  /** Descriptor of the signed list of verified publishers, at its start. */
  readonly publishersFd?: number | undefined;
  /** Descriptor of the certificate of who ends the engine's connections to registries. */
  readonly authorityFd?: number | undefined;
  /** Where the relay of the engine's one way out waits for the gateway, and its program; without it there is no way out. */
  readonly egress?: { readonly socket: string; readonly relay: string } | undefined;
}

/** Argument vector of the entry program. The cgroup bears the instance's name, so two engines do not meet. */
export function entryArguments(options: EntryOptions): string[] {
  return [
    '--root',
    options.root,
    '--data',
    options.dataDir,
    '--host-dir',
    options.hostDir,
    '--cgroup',
    `bulkhead-${options.name}`,
    '--phase-fd',
    String(options.phaseFd),
    ...options.shares.flatMap(({ fd, path, readOnly }) => [
      '--share',
      `${readOnly ? 'ro' : 'rw'}:${fd}:${path}`,
    ]),
    ...(options.sshAgentFd === undefined ? [] : ['--ssh-agent', String(options.sshAgentFd)]),
    ...(options.policyFd === undefined ? [] : ['--policy', String(options.policyFd)]),
    ...(options.settingsFd === undefined ? [] : ['--settings', String(options.settingsFd)]),
    ...(options.registryFd === undefined ? [] : ['--registry', String(options.registryFd)]),
    ...(options.publishersFd === undefined ? [] : ['--publishers', String(options.publishersFd)]),
    ...(options.authorityFd === undefined ? [] : ['--authority', String(options.authorityFd)]),
    ...(options.egress === undefined
      ? []
      : ['--egress', options.egress.socket, '--relay', options.egress.relay]),
  ];
}
