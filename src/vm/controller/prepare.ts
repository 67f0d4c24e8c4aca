import type { Clock } from '../../common/clock.js';
import type { Logger } from '../../common/log.js';
import { type Manifest, verifyImage } from '../../image/index.js';
import type { VmBackend, VmHost, VmSpec } from '../backend.js';
import type { PolicyFile } from '../documents/index.js';
import type { GuestLink, GuestMayAsk } from '../guest-link.js';
import { ensureDataDisk } from '../instance/data-disk.js';
import type { InstancePaths } from '../instance/paths.js';
import { type GuestNetwork, networkInUse } from '../network/index.js';
import { agentInUse, type AgentPlace, askAgentAt } from '../ssh-agent/index.js';
import { vmSpec } from '../vm-spec.js';
import type { ControllerOptions } from './options.js';
import { contactOf } from '../../policy/index.js';
import { prepareDocuments } from './prepare-documents.js';
import { startGateway } from './start-gateway.js';
import { type PreparedShares, prepareShares } from './prepare-shares.js';

export interface ControllerParts {
  readonly paths: InstancePaths;
  readonly options: ControllerOptions;
  readonly backend: VmBackend;
  readonly clock: Clock;
  /** Of the person who starts the VM. */
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly logger: Logger;
  readonly openLink: (mayAsk: GuestMayAsk) => Promise<GuestLink>;
}

/** All a VM needs of the host before it starts. Disposing of it ends what was started for the VM. */
export interface PreparedVm extends AsyncDisposable {
  readonly spec: VmSpec;
  readonly manifest: Manifest;
  readonly policy: PolicyFile | undefined;
  readonly host: VmHost;
  readonly network: GuestNetwork;
  readonly shares: PreparedShares;
  /** Which ssh agent containers may ask, if they may. */
  readonly agent: AgentPlace | undefined;
  readonly link: GuestLink;
}

/**
 * Verifies the image, reads what the VM is to go by and makes ready what it uses.
 *
 * @param note tells the person who waits.
 */
export async function prepareVm(
  parts: ControllerParts,
  signal: AbortSignal,
  note: (text: string) => void,
): Promise<PreparedVm> {
  const { paths, options, backend, env, logger } = parts;
  await using started = new AsyncDisposableStack();
  const [manifest, host] = await Promise.all([verifyImage(options.image, { signal }), backend.probe(signal)]);
  const documents = await prepareDocuments(paths, options, manifest, env);
  const restricted = documents.restricted ? { contact: contactOf(documents.policy?.settings) } : undefined;
  const { network, notes } = networkInUse(documents.effective, restricted !== undefined);
  const { effective, policy, user } = documents;
  const { agent, notes: agentNotes } = await agentInUse({
    named: options.sshAgent === true,
    policy: policy?.settings,
    user,
    env,
  });
  for (const text of [...documents.notes, ...notes, ...agentNotes]) note(text);
  const link = await parts.openLink({
    portBinding: effective.portBindingBehavior.value,
    agent: agent && askAgentAt(agent),
    restricted,
  });
  started.defer(() => link.close());
  if (documents.restricted) started.use(await startGateway(parts, documents, link));
  const disk = await ensureDataDisk(paths, options.dataSizeMiB);
  const shares = await prepareShares(parts, manifest, documents, signal);
  started.use(shares.servers);
  for (const text of shares.notes) note(text);
  if (host.note !== undefined) note(host.note);
  if (manifest.flavour === 'debug') note(manifest.warning ?? 'This is a debug image: it is not hardened.');
  logger.info({ host, disk, image: options.image, rootHash: manifest.verity.rootHash }, 'prepared');
  const disks = [...documents.disks, ...shares.disks];
  const { served } = shares.servers;
  const spec = vmSpec(paths, options, manifest, disks, documents.highestSerial, network, served);
  const kept = started.move();
  const release = (): Promise<void> => kept.disposeAsync();
  return {
    spec,
    manifest,
    policy,
    host,
    network,
    shares,
    agent,
    link,
    [Symbol.asyncDispose]: release,
  };
}
