/** Who has to carry a setting out: `vm` where a user of the API must not get round it, `nobody` what this product has no use for. */
export type Enforcer = 'vm' | 'host' | 'vm and host' | 'nobody';

export interface SettingFacts {
  readonly enforcer: Enforcer;
  /** Operating systems the setting is for; all where absent. */
  readonly platforms?: readonly ('windows' | 'macos')[];
  readonly meaning: string;
}

const unused = (meaning: string, platforms?: SettingFacts['platforms']): SettingFacts =>
  platforms === undefined ? { enforcer: 'nobody', meaning } : { enforcer: 'nobody', platforms, meaning };

/**
 * Every key of Docker's admin-settings.json that its reference names, by its path. What Bulkhead has no use for is here as well: such a
 * file is taken as it is, and the keys that do nothing are named to whoever checks it.
 */
export const settingTable = {
  configurationFileVersion: { enforcer: 'host', meaning: 'version of the format; 2' },
  analyticsEnabled: unused('sending usage figures; Bulkhead sends none'),
  disableUpdate: unused('looking for updates; Bulkhead does not'),
  silentModulesUpdate: unused('updates without a restart'),
  blockDockerLoad: { enforcer: 'vm', meaning: 'docker load, import and builds from an archive are refused' },
  displayedOnboarding: unused('a survey'),
  desktopTerminalEnabled: unused('a terminal in the application'),
  exposeDockerAPIOnTCP2375: {
    enforcer: 'host',
    platforms: ['windows'],
    meaning: 'the API without a password on port 2375',
  },
  extensionsEnabled: unused('extensions of the application'),
  onlyMarketplaceExtensions: unused('extensions of the application'),
  extensionsPrivateMarketplace: unused('extensions of the application'),
  extensionsPrivateMarketplaceAdminContactURL: unused('extensions of the application'),
  filesharingAllowedDirectories: {
    enforcer: 'vm and host',
    meaning: 'directories of the host that may be shared with the VM',
  },
  useVirtualizationFrameworkVirtioFS: unused('choice of the file server', ['macos']),
  useGrpcfuse: unused('choice of the file server', ['macos']),
  useVirtualizationFrameworkRosetta: unused('translation of programs', ['macos']),
  scout: unused('lists of what images contain'),
  proxy: { enforcer: 'vm and host', meaning: 'how the engine reaches registries' },
  containersProxy: { enforcer: 'vm and host', meaning: 'where containers may connect' },
  'linuxVM.wslEngineEnabled': unused('choice of the backend', ['windows']),
  'linuxVM.dockerDaemonOptions': {
    enforcer: 'vm',
    meaning: "the engine's configuration, as JSON in a string",
  },
  'linuxVM.vpnkitCIDR': { enforcer: 'host', meaning: 'network of the VM' },
  'windowsContainers.dockerDaemonOptions': unused('Windows containers', ['windows']),
  kubernetes: unused('a cluster in the VM'),
  defaultNetworkingMode: { enforcer: 'vm', meaning: 'addresses of new networks: IPv4, IPv6 or both' },
  dnsInhibition: { enforcer: 'host', meaning: 'which addresses names do not resolve to' },
  portBindingBehavior: { enforcer: 'vm and host', meaning: 'addresses published ports listen on' },
  enableInference: unused('running models'),
  enableInferenceTCP: unused('running models'),
  enableInferenceTCPPort: unused('running models'),
  enableInferenceCORS: unused('running models'),
  enableInferenceGPUVariant: unused('running models', ['windows']),
  allowBetaFeatures: unused('features of the application'),
  allowExperimentalFeatures: unused('features of the application'),
  enableDockerAI: unused('an assistant'),
  enableDockerMCPToolkit: unused('an assistant'),
  enableCloud: unused('an engine elsewhere; Bulkhead has none'),
  enhancedContainerIsolation: {
    enforcer: 'vm',
    meaning: 'isolation, which Bulkhead never turns off, and who may have the Docker socket',
  },
} as const satisfies Readonly<Record<string, SettingFacts>>;

export type SettingName = keyof typeof settingTable;

/** What the keys of the `bulkhead` object decide. */
export const bulkheadMeanings: Readonly<Record<string, string>> = {
  contact: 'whom a refusal tells the reader to ask',
  serial: 'number of the policy; it only grows',
  expires: 'from when on the policy is not taken any more',
  minimumImageVersion: 'oldest VM image that is served under the policy',
  memoryMiB: 'memory of the VM, in MiB',
  cpus: 'processors of the VM',
  dataSizeGiB: 'size of a new data disk, in GiB',
  hostLoopback: "whether containers reach services of the host's loopback by `host.docker.internal`",
  sshAgent: "whether containers may bind the socket of the host's ssh agent, to list keys and sign",
  allowPrivileged: 'whether `--privileged` is served',
  buildHostNetwork: 'what a build step gets that asks for the network of the host',
  buildInsecure: 'what a build step gets that asks to be insecure',
  idsPerContainer: 'user ids of each container',
  devices: 'devices containers may ask for',
  cgroupParents: 'cgroups containers may be placed under',
  minimumOomScoreAdj: 'how far a container may be spared by the OOM killer',
  seccompExempt: 'system calls taken off the seccomp floor',
  socketRules: 'which commands an image may give through the Docker socket',
  restartOnChange: 'whether `bulkhead up` restarts a VM for a new policy',
  audit: 'where else the audit log goes',
  signIn: 'who may use the engine',
  registryAccess: 'which registries may be reached, to pull and to push',
  imageAccess: 'which images may be pulled, pushed and run',
  networkAccess: 'where containers and the engine may connect',
  signature: 'the signature of `bulkhead policy sign`',
};
