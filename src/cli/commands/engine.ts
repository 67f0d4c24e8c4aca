import { dirname, join, resolve } from 'node:path';
import { Command, Option } from 'commander';
import { messageOf } from '../../common/cause.js';
import { BulkheadError } from '../../common/errors/bulkhead-error.js';
import { inStep } from '../../common/reporter.js';
import { cacheRoot, checkRememberedKey, useCached, verifyImage } from '../../image/index.js';
import {
  checkSocketPath,
  describePhase,
  findImage,
  instancePaths,
  listenTcpApi,
  lockInstance,
  makeInstanceDirectories,
} from '../../vm/index.js';
import { makeAuthority } from '../../egress/engine-traffic/index.js';
import { endsEngine } from '../../egress/restricting-settings.js';
import {
  admitPolicy,
  allowedOrganizations,
  contactOf,
  effectiveSettings,
  insecureRegistriesInForce,
} from '../../policy/index.js';
import {
  admissionOf,
  makeHostRecords,
  nativeNotes,
  openRegistryFile,
  otherKeyNotes,
  policyNotes,
  publisherFileOf,
  publishersBeside,
  recordInForce,
  registryFileOf,
  rootIdentity,
  settingsNotes,
} from '../../vm/documents/index.js';
import { hostLoopback, leftOut } from '../../vm/network/index.js';
import { startNativeEngine } from '../../vm/native/index.js';
import { engineProxy, hostProxy } from '../../vm/proxy/index.js';
import {
  claimPlaces,
  keptPlaces,
  recordOfRequests,
  type ShareRequest,
  sharesInUse,
  usedPlaces,
} from '../../vm/sharing/index.js';
import { agentInUse } from '../../vm/ssh-agent/index.js';
import type { CliContext } from '../context.js';
import { egressOption, nameOption, registryOption, shareOption, sshAgentOption } from '../options.js';
import { assignment } from './env.js';
import { openUserFile } from '../settings-in-use.js';
import { openPolicyFile, policyFileOf, policyOption } from './policy/policy-files.js';

interface EngineFlags {
  readonly name: string;
  readonly root?: string;
  readonly dataDir?: string;
  readonly share: readonly ShareRequest[];
  readonly sshAgent?: true;
  readonly egress?: true;
  readonly policy?: string;
  readonly registryJson?: string;
}

export function engineCommand(context: CliContext): Command {
  return new Command('engine')
    .description('run the same engine on this kernel, without a VM (root, Linux)')
    .addOption(nameOption())
    .addOption(new Option('--root <path>', 'root.erofs or an unpacked root (default: that of the image)'))
    .addOption(new Option('--data-dir <directory>', 'where images and volumes are kept'))
    .addOption(shareOption())
    .addOption(sshAgentOption())
    .addOption(egressOption())
    .addOption(policyOption())
    .addOption(registryOption())
    .addHelpText(
      'after',
      `
Runs in the foreground until Ctrl-C, beside any Docker that is installed, and leaves nothing behind but its data
directory. Every container still gets a user namespace of its own; what is missing is the VM's own kernel.

In a shared directory user ids are those of this machine, as with any Docker on Linux: what root of a container writes
there is root's, and may have the set-user-ID bit. Inside containers the bit has no effect; that it has none for the
users of this machine takes a directory they can't reach, or a file system mounted nosuid. What is mounted in a shared
directory is not shared with it.

Without --egress nothing in the engine can connect to anything. With it, names are asked of this machine's name servers,
and connections come from this machine; what listens on its loopback is reached as host.docker.internal, by TCP, where
bulkhead.hostLoopback says so.

Examples, as root; sudo looks for programs along a path of its own unless it is told:
  $ sudo env "PATH=$PATH" bulkhead engine
  $ bulkhead engine --share "$PWD" --share /srv/fixtures:ro
  $ bulkhead engine --egress
  $ bulkhead engine --policy /etc/bulkhead/admin-settings.json
  $ bulkhead engine --name ci --data-dir /var/tmp/ci`,
    )
    .action((flags: EngineFlags) => runEngine(context, flags));
}

async function runEngine(context: CliContext, flags: EngineFlags): Promise<void> {
  const { reporter, terminal, signal } = context;
  const policyFile = await policyFileOf(flags.policy);
  const policy = policyFile === undefined ? undefined : await openPolicyFile(policyFile);
  await using _policyFile = policy?.handle;
  const registryFile = await registryFileOf(flags.registryJson);
  const registry = registryFile === undefined ? undefined : await openRegistryFile(registryFile);
  await using _registryFile = registry?.handle;
  allowedOrganizations(policy?.settings, registry);
  const user = await openUserFile(context.env);
  await using _userFile = user.handle;
  const paths = instancePaths(flags.name);
  const hostDir = join(paths.runtimeDir, 'engine');
  checkSocketPath(join(hostDir, 'control.sock'));
  const root = flags.root === undefined ? await verifiedRoot(context) : resolve(flags.root);
  const { policyKey, version: imageVersion } = await rootIdentity(root);
  checkRememberedKey(cacheRoot(context.env), root, policyKey);
  const known = { policyKey: policyKey ?? undefined, version: imageVersion };
  // What the host does not know, bulkheadd does, of the root it is in.
  const admission = await admissionOf(known, paths.policyRecords);
  admitPolicy(policy, admission, policy?.file ?? 'the policy');
  const publishers = await publishersBeside(policy, admission.key);
  await using _publisherFile = publishers.list?.handle;
  const imageHasKey = admission.key !== undefined;
  const governing = { policy: policyFile, registry: registryFile, publishers: publisherFileOf(policy) };
  const kept = (): ReturnType<typeof keptPlaces> => keptPlaces(paths, governing, context.env);
  const bounded = policy?.settings.filesharingAllowedDirectories !== undefined;
  const facts = { env: context.env, beside: bounded ? await kept() : [] };
  const sharing = await sharesInUse(flags.share, policy?.settings, user.settings, facts);
  const { shares, allowedShares } = sharing;
  const inForce = effectiveSettings(policy?.settings, user.settings);
  const { agent, notes: agentNotes } = await agentInUse({
    named: flags.sshAgent === true,
    policy: policy?.settings,
    user: user.settings,
    env: context.env,
  });
  const loopback = hostLoopback(inForce, flags.egress === true ? 'gateway' : 'none');
  const notes = [
    ...sharing.notes,
    ...agentNotes,
    ...(policy === undefined ? [] : policyNotes(policy, policyKey)),
    ...publishers.notes,
    ...otherKeyNotes(paths.policyRecords, admission.key),
    ...settingsNotes(policy?.settings, inForce, flags.egress === true),
    ...nativeNotes(inForce, flags.egress === true),
    ...loopback.notes,
  ];
  for (const note of notes) terminal.err(`${note}\n`);
  const dataDir = flags.dataDir === undefined ? join(paths.stateDir, 'engine') : resolve(flags.dataDir);
  await makeInstanceDirectories(paths);
  // What is not there yet could be shared.
  if (imageHasKey) makeHostRecords(paths.policyRecords[0]);
  await using _lock = await lockInstance(join(paths.stateDir, 'engine.lock'), flags.name);
  await using _tcp = inForce.exposeDockerAPIOnTCP2375.value
    ? await listenTcpApi(join(hostDir, 'docker.sock'))
    : undefined;
  await using _image = await useCached(cacheRoot(context.env), dirname(root));
  const record = await claimPlaces({
    file: paths.sharedRecords.engine,
    uses: [
      ...usedPlaces(paths, governing, context.env),
      { path: root, what: 'the image the engine runs' },
      { path: dataDir, what: "the engine's data", secret: true },
    ],
    contact: contactOf(policy?.settings),
  });
  // Before it is looked at: what lies in it is mounted with it, or it is refused.
  await record(await recordOfRequests(shares));
  const unshared = shares.length === 0 ? [] : await kept();
  await using engine = await inStep(reporter, 'Start the engine', (step) =>
    startNativeEngine({
      name: flags.name,
      root,
      dataDir,
      hostDir,
      shares,
      allowedShares,
      unshared,
      ...(policy === undefined ? {} : { policy: policy.handle }),
      ...(user.handle === undefined ? {} : { settings: user.handle }),
      ...(registry === undefined ? {} : { registry: registry.handle }),
      ...(publishers.list === undefined ? {} : { publishers: publishers.list.handle }),
      ...(agent === undefined ? {} : { sshAgent: agent }),
      ...(flags.egress === true
        ? {
            // One nobody needs is trusted by nobody.
            ...(policy !== undefined && endsEngine(policy.settings) ? { authority: makeAuthority() } : {}),
            egress: {
              insecureRegistries: insecureRegistriesInForce(policy?.settings, inForce),
              policy: policy?.bytes.toString(),
              publishers: publishers.list?.bytes.toString(),
              system: hostProxy(context.env, { loopback: 'reached' }).proxy,
              engineProxy: engineProxy(inForce, context.env),
              hostLoopback: loopback.state,
              namesWithout: leftOut(inForce.dnsInhibition.value, 'gateway'),
              onLine: (line: string) => terminal.err(`egress: ${line}\n`),
            },
          }
        : {}),
      onPhase: (phase) => step.progress(describePhase(phase)),
      signal,
    }),
  );
  if (imageHasKey && policy !== undefined) {
    try {
      recordInForce(paths.policyRecords, policy);
    } catch (error) {
      // As on a machine whose file system is read-only: the data directory has the same record.
      terminal.err(`The policy was not recorded on this machine: ${messageOf(error)}.\n`);
    }
  }
  terminal.out(`${assignment('sh', engine.dockerHost)}\n`);
  terminal.err('Running. Stop it with Ctrl-C.\n');
  const status = await Promise.race([engine.exited, aborted(signal)]);
  if (signal.aborted) return;
  throw new BulkheadError('BH_NATIVE_START', {
    reason: `it ended by itself with status ${status ?? 'unknown'}`,
  });
}

async function verifiedRoot({ env, projectDir, reporter, signal }: CliContext): Promise<string> {
  const dir = await findImage(cacheRoot(env), projectDir);
  const manifest = await inStep(reporter, 'Verify the image', () => verifyImage(dir, { signal }));
  return join(dir, manifest.files.root.path);
}

function aborted(signal: AbortSignal): Promise<null> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve(null);
    signal.addEventListener('abort', () => resolve(null), { once: true });
  });
}
