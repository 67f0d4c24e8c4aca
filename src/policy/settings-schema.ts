import { z } from 'zod';
import { auditSchema } from './audit-schema.js';
import { containersProxySchema } from './containers-proxy-schema.js';
import { proxyShape } from './proxy-setting.js';
import { imageAccessSchema } from './image-access-schema.js';
import { registryAccessSchema } from './registry-access-schema.js';
import { settingValues } from './setting-values.js';
import { clientCommands, commandGroups, engineCommands } from '../common/docker-commands.js';
import { signatureSchema } from './signature-schema.js';
import { imagePattern } from './image-pattern-schema.js';
import { networkAccessSchema } from './network-access-schema.js';
import { signInSchema } from './sign-in-schema.js';
import { versionPattern } from './image-version.js';

/** `{ "locked", "value" }`: a lock without a value has nothing to hold fast. */
function lockable<Value extends z.ZodType>(value: Value) {
  return z.strictObject({ locked: z.boolean().default(false), value }).optional();
}

const flag = lockable(z.boolean());
const text = lockable(z.string());

const port = z.int().min(0).max(65_535);
/** `a,b` in Docker's prose, an array in its examples. */
const hostList = z.union([z.string(), z.array(z.string())]);

const proxyKeys = {
  locked: z.boolean().default(false),
  mode: z.enum(['system', 'manual']),
  http: z.string().optional(),
  https: z.string().optional(),
  exclude: hostList.optional(),
  pac: z.string().optional(),
  embeddedPac: z.string().optional(),
};

/** Which commands a container with the Docker socket may give (`commandList` of Docker). */
const commandList = z.strictObject({
  type: z.enum(['deny', 'allow']).default('deny'),
  /** A misspelt name would deny nothing. */
  commands: z.array(
    z.enum(
      [...engineCommands, ...commandGroups, ...clientCommands],
      'not the name of a command, or of a group with *',
    ),
  ),
});

const socketMount = z.strictObject({
  imageList: z
    .strictObject({ images: z.array(imagePattern), allowDerivedImages: z.boolean().default(false) })
    .optional(),
  commandList: commandList.optional(),
});

const absolutePath = z.string().regex(/^\/[^\0]*$/, 'not an absolute path');

/** The keys Docker does not have. */
const bulkhead = z.strictObject({
  /** Whom a refusal tells the reader to ask. */
  contact: z.string().min(1).max(500).optional(),
  /** Grows with each policy; one with a lower number than was seen before is refused. */
  serial: z.int().min(0).optional(),
  /** From then on the policy is not taken any more. */
  expires: z.iso.datetime({ offset: true }).optional(),
  /** An engine of an older image does not serve under this policy. */
  minimumImageVersion: z.string().regex(versionPattern, 'not a version, as 1.2.0').optional(),
  /** The VM's memory, and its processors; a new data disk's size. Like Docker's keys: locked, or a default. */
  memoryMiB: lockable(settingValues.memoryMiB),
  cpus: lockable(settingValues.cpus),
  dataSizeGiB: lockable(settingValues.dataSizeGiB),
  /** Whether containers reach services of the host's loopback by `host.docker.internal`. */
  hostLoopback: lockable(z.boolean()),
  /** Whether containers may bind `/run/host-services/ssh-auth.sock`. */
  sshAgent: lockable(z.boolean()),
  allowPrivileged: z.boolean().optional(),
  buildHostNetwork: z.enum(['refused', 'private']).optional(),
  buildInsecure: z.enum(['refused', 'confined']).optional(),
  idsPerContainer: z.int().min(65_536).multipleOf(65_536).optional(),
  devices: z
    .array(z.strictObject({ path: absolutePath, major: z.int().min(0), minor: z.int().min(0) }))
    .optional(),
  cgroupParents: z.array(absolutePath).optional(),
  minimumOomScoreAdj: z.int().min(-1000).max(1000).optional(),
  seccompExempt: z.array(z.string().regex(/^[a-z0-9_]+$/, 'not the name of a system call')).optional(),
  /** In place of `commandList` for a container of this image; the first that is for it counts. */
  socketRules: z.array(z.strictObject({ image: imagePattern, commandList })).optional(),
  /** `bulkhead up` restarts a VM that runs under another policy, instead of only saying that it must be restarted. */
  restartOnChange: z.boolean().optional(),
  /** Where else the audit log goes. */
  audit: auditSchema.optional(),
  /** Members of which organizations may use the engine; everybody where absent. */
  signIn: signInSchema.optional(),
  /** Which registries may be reached; all where absent. */
  registryAccess: registryAccessSchema.optional(),
  /** Which images may be pulled, pushed and run; all where absent. */
  imageAccess: imageAccessSchema.optional(),
  /** Where containers and the engine may connect; anywhere where absent. */
  networkAccess: networkAccessSchema.optional(),
  /** Made by `bulkhead policy sign`, never by hand. */
  signature: signatureSchema.optional(),
});

/** Names of the keys Docker does not have. */
export const bulkheadKeys: readonly string[] = Object.keys(bulkhead.shape);

/** `admin-settings.json` of Docker with our own object in it. Strict at every level: a key that is misspelt must not be a key that is not there. */
export const settingsSchema = z.strictObject({
  configurationFileVersion: z.literal(2),
  analyticsEnabled: flag,
  disableUpdate: flag,
  silentModulesUpdate: flag,
  blockDockerLoad: flag,
  displayedOnboarding: flag,
  desktopTerminalEnabled: flag,
  exposeDockerAPIOnTCP2375: flag,
  extensionsEnabled: flag,
  onlyMarketplaceExtensions: flag,
  extensionsPrivateMarketplace: flag,
  extensionsPrivateMarketplaceAdminContactURL: text,
  filesharingAllowedDirectories: z
    .array(z.strictObject({ path: z.string().min(1), sharedByDefault: z.boolean().default(false) }))
    .optional(),
  useVirtualizationFrameworkVirtioFS: flag,
  useGrpcfuse: flag,
  useVirtualizationFrameworkRosetta: flag,
  scout: z
    .strictObject({
      locked: z.boolean().default(false),
      sbomIndexing: z.boolean().optional(),
      useBackgroundIndexing: z.boolean().optional(),
    })
    .optional(),
  proxy: z
    .strictObject({
      ...proxyKeys,
      ...proxyShape,
      windowsDockerdPort: z.int().min(-1).max(65_535).optional(),
      enableKerberosNtlm: z.boolean().optional(),
    })
    .optional(),
  containersProxy: containersProxySchema.optional(),
  linuxVM: z
    .strictObject({
      wslEngineEnabled: flag,
      dockerDaemonOptions: lockable(settingValues.dockerDaemonOptions),
      vpnkitCIDR: lockable(settingValues.vpnkitCIDR),
    })
    .optional(),
  windowsContainers: z
    .strictObject({ dockerDaemonOptions: lockable(settingValues.dockerDaemonOptions) })
    .optional(),
  kubernetes: z
    .strictObject({
      locked: z.boolean().default(false),
      enabled: z.boolean().optional(),
      showSystemContainers: z.boolean().optional(),
      imagesRepository: z.string().optional(),
    })
    .optional(),
  defaultNetworkingMode: lockable(settingValues.defaultNetworkingMode),
  dnsInhibition: lockable(settingValues.dnsInhibition),
  portBindingBehavior: lockable(settingValues.portBindingBehavior),
  enableInference: flag,
  enableInferenceTCP: flag,
  enableInferenceTCPPort: lockable(port),
  enableInferenceCORS: text,
  enableInferenceGPUVariant: flag,
  allowBetaFeatures: flag,
  allowExperimentalFeatures: flag,
  enableDockerAI: flag,
  enableDockerMCPToolkit: flag,
  enableCloud: flag,
  enhancedContainerIsolation: z
    .strictObject({
      locked: z.boolean().default(false),
      value: z.boolean(),
      dockerSocketMount: socketMount.optional(),
    })
    .optional(),
  bulkhead: bulkhead.optional(),
});

export type Settings = z.infer<typeof settingsSchema>;
