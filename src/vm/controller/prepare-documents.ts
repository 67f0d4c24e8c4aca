import { readFile, rm } from 'node:fs/promises';
import { messageOf } from '../../common/cause.js';
import { BulkheadError } from '../../common/errors/bulkhead-error.js';
import type { Manifest } from '../../image/index.js';
import {
  admitPolicy,
  allowedOrganizations,
  effectiveSettings,
  highestSerialOf,
  readUserSettings,
  type UserSettings,
} from '../../policy/index.js';
import {
  admissionOf,
  type DocumentDisk,
  machinePolicyFile,
  otherKeyNotes,
  type PolicyFile,
  policyNotes,
  readPolicyFile,
  readRegistryFile,
  settingsNotes,
  writeDocumentDisk,
} from '../documents/index.js';
import type { InstancePaths } from '../instance/paths.js';
import type { ControllerOptions } from './options.js';

export interface PreparedDocuments {
  readonly policy: PolicyFile | undefined;
  readonly disks: readonly DocumentDisk[];
  readonly highestSerial: number;
  /** What a person should hear of the policy. */
  readonly notes: readonly string[];
}

/**
 * Reads the policy, the user's settings and the machine's registry.json once and puts them on disks of the instance's own.
 *
 * @throws BH_POLICY_FILE, BH_POLICY_INVALID, BH_POLICY_RECORD, BH_SETTINGS_FILE, BH_SETTINGS_INVALID, BH_REGISTRY_FILE, BH_REGISTRY_INVALID, BH_SIGN_IN_NO_ISSUER, what `admitPolicy` throws; nothing was booted then.
 */
export async function prepareDocuments(
  { documentDisks, policyRecords }: Pick<InstancePaths, 'documentDisks' | 'policyRecords'>,
  options: Pick<ControllerOptions, 'policy' | 'settings' | 'registry'>,
  manifest: Pick<Manifest, 'policyKey' | 'version'>,
  machineFile = machinePolicyFile,
): Promise<PreparedDocuments> {
  const policy = options.policy === undefined ? undefined : await readPolicyFile(options.policy);
  const admission = await admissionOf(manifest, policyRecords, { machineFile });
  admitPolicy(policy, admission, policy?.file ?? 'the policy');
  const user = await readUserFile(options.settings);
  const registry = options.registry === undefined ? undefined : await readRegistryFile(options.registry);
  allowedOrganizations(policy?.settings, registry);
  const documents = [
    { name: 'policy', bytes: policy?.bytes },
    { name: 'settings', bytes: user.bytes },
    { name: 'registry', bytes: registry?.bytes },
  ] as const;
  const disks: DocumentDisk[] = [];
  for (const { name, bytes } of documents) {
    if (bytes === undefined) await rm(documentDisks[name], { force: true });
    else disks.push(await writeDocumentDisk(name, documentDisks[name], bytes));
  }
  return {
    policy,
    disks,
    highestSerial: highestSerialOf(admission.known),
    notes: [
      ...(policy === undefined ? [] : policyNotes(policy, manifest.policyKey)),
      ...otherKeyNotes(policyRecords, admission.key),
      ...settingsNotes(policy?.settings, effectiveSettings(policy?.settings, user.settings)),
    ],
  };
}

async function readUserFile(
  file: string | undefined,
): Promise<{ readonly bytes: Buffer | undefined; readonly settings: UserSettings }> {
  if (file === undefined) return { bytes: undefined, settings: {} };
  const bytes = await readFile(file).catch((cause: unknown) => {
    throw new BulkheadError('BH_SETTINGS_FILE', { file, reason: messageOf(cause) }, { cause });
  });
  const { value: settings = {}, problems } = readUserSettings(bytes, file);
  if (problems?.[0] !== undefined) throw problems[0];
  return { bytes, settings };
}
