import type { KeyObject } from 'node:crypto';
import { keyIdOf, notCarriedOut } from '../../policy/index.js';
import { keysOfHostRecords } from './host-record.js';
import type { PolicyFile } from './policy-file.js';

/** What whoever starts an engine should hear of the policy it starts with. */
export function policyNotes(
  { file, settings }: PolicyFile,
  imageKey: string | null | undefined,
): readonly string[] {
  return [
    ...(imageKey !== undefined
      ? []
      : [`The image has no policy key, so it takes ${file} whoever wrote it (image build --policy-key).`]),
    ...notCarriedOut(settings).map((name) => `Not carried out by this version: ${name}`),
  ];
}

/**
 * That this machine ran images with a policy key that the present one does not have. Threat: an image with which every rule is gone, and nobody notices.
 *
 * @param records `InstancePaths.policyRecords`.
 */
export function otherKeyNotes(records: readonly string[], key: KeyObject | undefined): readonly string[] {
  const own = key === undefined ? undefined : keyIdOf(key);
  const known = keysOfHostRecords(records);
  if (known.length === 0 || (own !== undefined && known.includes(own))) return [];
  const has = own === undefined ? 'none' : own;
  return [`Images with the policy key ${known.join(', ')} were run on this machine; this one has ${has}.`];
}
