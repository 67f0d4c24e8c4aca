import { readFile, rm } from 'node:fs/promises';
import { messageOf } from '../../common/cause.js';
import { BulkheadError } from '../../common/errors/bulkhead-error.js';
import { type AuthorityKeys, makeAuthority } from '../../egress/engine-traffic/boot-authority.js';
import { endsEngine, restricts } from '../../egress/restricting-settings.js';
import type { Manifest } from '../../image/index.js';
import {
  admitPolicy,
  allowedOrganizations,
  type EffectiveSettings,
  effectiveSettings,
  highestSerialOf,
  type JsonObject,
  readUserSettings,
  type UserSettings,
  withSetting,
} from '../../policy/index.js';
import {
  admissionOf,
  type DocumentDisk,
  machinePolicyFile,
  otherKeyNotes,
  type PolicyFile,
  policyNotes,
  publishersBeside,
  readPolicyFile,
  readRegistryFile,
  settingsNotes,
  writeDocumentDisk,
} from '../documents/index.js';
import type { InstancePaths } from '../instance/paths.js';
import { withHostProxy } from '../proxy/index.js';
import type { ControllerOptions } from './options.js';

export interface PreparedDocuments {
  readonly policy: PolicyFile | undefined;
  readonly disks: readonly DocumentDisk[];
  readonly highestSerial: number;
  /** What the VM is to go by. */
  readonly effective: EffectiveSettings;
  /** The user's own. */
  readonly user: UserSettings;
  /** Whether nothing may get out of the VM but what the gateway lets. */
  readonly restricted: boolean;
  /** The list of verified publishers, where there is one that counts. */
  readonly publishers: string | undefined;
  /** Who ends what the VM's engine asks registries for: its certificate is on a disk, its key here alone. Undefined where nobody does. */
  readonly authority: AuthorityKeys | undefined;
  /** What a person should hear of the policy. */
  readonly notes: readonly string[];
}

/**
 * Reads the policy, the list of publishers beside it, the user's settings and the machine's registry.json once and puts them on disks of the instance's own,
 * beside the certificate of this boot's authority where the policy needs one.
 *
 * @param env of the person who starts the VM: its proxies are the host's.
 * @throws BH_POLICY_FILE, BH_POLICY_INVALID, BH_POLICY_RECORD, BH_SETTINGS_FILE, BH_SETTINGS_INVALID, BH_REGISTRY_FILE, BH_REGISTRY_INVALID, BH_SIGN_IN_NO_ISSUER, what `admitPolicy` throws; nothing was booted then.
 */
export async function prepareDocuments(
  { documentDisks, policyRecords }: Pick<InstancePaths, 'documentDisks' | 'policyRecords'>,
  options: Pick<ControllerOptions, 'policy' | 'settings' | 'registry' | 'sshAgent'>,
  manifest: Pick<Manifest, 'policyKey' | 'version'>,
  env: Readonly<Record<string, string | undefined>>,
  machineFile = machinePolicyFile,
): Promise<PreparedDocuments> {
  const policy = options.policy === undefined ? undefined : await readPolicyFile(options.policy);
  const admission = await admissionOf(manifest, policyRecords, { machineFile });
  admitPolicy(policy, admission, policy?.file ?? 'the policy');
  const user = withNamed(await readUserFile(options.settings), options);
  const registry = options.registry === undefined ? undefined : await readRegistryFile(options.registry);
  allowedOrganizations(policy?.settings, registry);
  const publishers = await publishersBeside(policy, admission.key);
  await publishers.list?.handle.close();
  const effective = effectiveSettings(policy?.settings, user.settings);
  const handedOn = withHostProxy(user.document, effective, env);
  const authority = policy !== undefined && endsEngine(policy.settings) ? makeAuthority() : undefined;
  const documents = [
    { name: 'policy', bytes: policy?.bytes },
    {
      name: 'settings',
      bytes:
        handedOn.document === user.document ? user.bytes : Buffer.from(JSON.stringify(handedOn.document)),
    },
    { name: 'registry', bytes: registry?.bytes },
    { name: 'publishers', bytes: publishers.list?.bytes },
    { name: 'authority', bytes: authority === undefined ? undefined : Buffer.from(authority.certificate) },
  ] as const;
  const disks: DocumentDisk[] = [];
  for (const { name, bytes } of documents) {
    if (bytes === undefined) await rm(documentDisks[name], { force: true });
    else disks.push(await writeDocumentDisk(name, documentDisks[name], bytes));
  }
  const restricted = policy !== undefined && restricts(policy.settings);
  return {
    policy,
    disks,
    effective,
    user: user.settings,
    restricted,
    publishers: publishers.list?.bytes.toString(),
    authority,
    highestSerial: highestSerialOf(admission.known),
    notes: [
      ...(policy === undefined ? [] : policyNotes(policy, manifest.policyKey)),
      ...publishers.notes,
      ...otherKeyNotes(policyRecords, admission.key),
      ...settingsNotes(policy?.settings, effective, restricted),
      ...handedOn.notes,
    ],
  };
}

interface UserFile {
  readonly bytes: Buffer | undefined;
  readonly settings: UserSettings;
  readonly document: JsonObject;
}

/** With what was named on the command line in the place of a setting: the VM, too, goes by it. */
function withNamed(user: UserFile, { sshAgent }: Pick<ControllerOptions, 'sshAgent'>): UserFile {
  if (sshAgent === undefined) return user;
  const settings = { ...user.settings, bulkhead: { ...user.settings.bulkhead, sshAgent } };
  const document = withSetting(user.document, 'bulkhead.sshAgent', sshAgent);
  return { settings, document, bytes: Buffer.from(JSON.stringify(document)) };
}

async function readUserFile(file: string | undefined): Promise<UserFile> {
  if (file === undefined) return { bytes: undefined, settings: {}, document: {} };
  const bytes = await readFile(file).catch((cause: unknown) => {
    throw new BulkheadError('BH_SETTINGS_FILE', { file, reason: messageOf(cause) }, { cause });
  });
  const read = readUserSettings(bytes, file);
  if (read.problems !== undefined) throw read.problems[0];
  return { bytes, settings: read.value, document: read.document };
}
