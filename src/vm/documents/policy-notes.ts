import type { KeyObject } from 'node:crypto';
import { carriedOutByGateway } from '../../egress/restricting-settings.js';
import { keyIdOf, notCarriedOut, type Settings, toldOf } from '../../policy/index.js';
import { keysOfHostRecords } from './host-record.js';
import type { PolicyFile } from './policy-file.js';

/**
 * What whoever starts an engine should hear of the policy it starts with.
 *
 * @param gateway whether that engine has a gateway.
 */
export function policyNotes(
  { file, settings }: PolicyFile,
  imageKey: string | null | undefined,
  { gateway }: { readonly gateway: boolean },
): readonly string[] {
  const byGateway = gateway ? carriedOutByGateway(settings) : [];
  return [
    ...(imageKey !== undefined
      ? []
      : [`The image has no policy key, so it takes ${file} whoever wrote it (image build --policy-key).`]),
    ...notCarriedOut(settings)
      .filter((name) => !byGateway.includes(name))
      .map((name) => `Not carried out by this version: ${toldOf(name)}`),
  ];
}

/** Why an engine that was to have a gateway has no way out at all. */
export function noWayOut(restrictions: readonly string[], policy: Settings | undefined): string {
  const contact = policy?.bulkhead?.contact;
  return (
    `the policy's ${restrictions.join(', ')} restricts where may be connected to, which this version does not carry out yet, ` +
    `so nothing can be connected to at all.${contact === undefined ? '' : ` Ask ${contact}.`}`
  );
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
