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

/**
 * The keys of the `bulkhead` object, likewise. Carried out on the host is what says how a VM is started, or what the policy itself is; of both is what the gateway on the host decides, and the gate in the VM, which
 * tells it sooner.
 */
export const bulkheadTable: Readonly<Record<string, SettingFacts>> = {
  contact: { enforcer: 'vm', meaning: 'whom a refusal tells the reader to ask' },
  serial: { enforcer: 'vm', meaning: 'number of the policy; it only grows' },
  expires: { enforcer: 'vm', meaning: 'from when on the policy is not taken any more' },
  minimumImageVersion: { enforcer: 'vm', meaning: 'oldest VM image that is served under the policy' },
  memoryMiB: { enforcer: 'host', meaning: 'memory of the VM, in MiB' },
  cpus: { enforcer: 'host', meaning: 'processors of the VM' },
  dataSizeGiB: { enforcer: 'host', meaning: 'size of a new data disk, in GiB' },
  hostLoopback: {
    enforcer: 'host',
    meaning: "whether containers reach services of the host's loopback by `host.docker.internal`",
  },
  sshAgent: {
    enforcer: 'vm',
    meaning: "whether containers may bind the socket of the host's ssh agent, to list keys and sign",
  },
  allowPrivileged: { enforcer: 'vm', meaning: 'whether `--privileged` is served' },
  buildHostNetwork: {
    enforcer: 'vm',
    meaning: 'what a build step gets that asks for the network of the host',
  },
  buildInsecure: { enforcer: 'vm', meaning: 'what a build step gets that asks to be insecure' },
  idsPerContainer: { enforcer: 'vm', meaning: 'user ids of each container' },
  devices: { enforcer: 'vm', meaning: 'devices containers may ask for' },
  cgroupParents: { enforcer: 'vm', meaning: 'cgroups containers may be placed under' },
  minimumOomScoreAdj: { enforcer: 'vm', meaning: 'how far a container may be spared by the OOM killer' },
  seccompExempt: { enforcer: 'vm', meaning: 'system calls taken off the seccomp floor' },
  socketRules: { enforcer: 'vm', meaning: 'which commands an image may give through the Docker socket' },
  restartOnChange: { enforcer: 'host', meaning: 'whether `bulkhead up` restarts a VM for a new policy' },
  audit: { enforcer: 'vm', meaning: 'where else the audit log goes' },
  signIn: { enforcer: 'vm', meaning: 'who may use the engine' },
  registryAccess: {
    enforcer: 'vm and host',
    meaning: 'which registries may be reached, to pull and to push',
  },
  imageAccess: { enforcer: 'vm and host', meaning: 'which images may be pulled, pushed and run' },
  networkAccess: { enforcer: 'vm and host', meaning: 'where containers and the engine may connect' },
  signature: { enforcer: 'vm', meaning: 'the signature of `bulkhead policy sign`' },
};
