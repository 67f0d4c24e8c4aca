import { createPublicKey } from 'node:crypto';
import { type BulkheadError, isBulkheadError } from '../../../common/errors/bulkhead-error.js';
import { admitPolicy, contactOf, keyIdOf, notCarriedOut } from '../../../policy/index.js';
import { admissionOf, otherKeyNotes, policyFileOf, readPolicyFile } from '../../../vm/documents/index.js';
import { instancePaths } from '../../../vm/instance/paths.js';
import { type Check, type Finding, ok, problemOf, warning } from '../check.js';
import type { Site } from '../site.js';
import { imageOrError } from './image.js';

const dayMs = 86_400_000;
/** Long enough before the end that an administrator can still sign and hand out the next one. */
const soon = 14 * dayMs;

interface PolicyFacts {
  readonly file: string;
  readonly serial: number | undefined;
  readonly expires: string | undefined;
  readonly contact: string;
  readonly notCarriedOut: readonly string[];
}

interface Facts {
  readonly now: number;
  /** Undefined where there is none to look for. */
  readonly policy: PolicyFacts | undefined;
  /** Id of the organization's key in the image; null: it has none; undefined: there is no image to ask. */
  readonly imageKey: string | null | undefined;
  /** Why no engine would start with it. */
  readonly refusal: BulkheadError | undefined;
  readonly notes: readonly string[];
}

export const policyCheck: Check<Facts> = {
  name: 'policy',
  gather,
  judge({ now, policy, imageKey, refusal, notes }) {
    const findings: Finding[] = [];
    if (refusal !== undefined) findings.push(problemOf(refusal));
    else findings.push(ok(policy === undefined ? 'none' : describe(policy, imageKey)));
    if (policy !== undefined && refusal === undefined) {
      if (imageKey === null)
        findings.push(
          warning(
            'the image has no policy key, so it takes any policy, or none, whoever wrote it',
            'An organization builds it with its key: `bulkhead image build --policy-key FILE`.',
          ),
        );
      const left = policy.expires === undefined ? Infinity : Date.parse(policy.expires) - now;
      if (left < soon)
        findings.push(
          warning(
            `it ends in ${Math.max(0, Math.floor(left / dayMs))} days; no engine starts with it then`,
            `Ask ${policy.contact} for the next one.`,
          ),
        );
      if (policy.notCarriedOut.length > 0)
        findings.push(
          warning(
            `not carried out by this version: ${policy.notCarriedOut.join(', ')}`,
            'Do not count on these keys; `bulkhead policy show` says what is in force.',
          ),
        );
    }
    for (const note of notes)
      findings.push(
        warning(note.replace(/\.$/, ''), 'Ask your administrator which image is to be used here.'),
      );
    return findings;
  },
};

function describe({ file, serial, expires }: PolicyFacts, imageKey: string | null | undefined): string {
  return [
    file,
    ...(serial === undefined ? [] : [`serial ${serial}`]),
    ...(typeof imageKey === 'string' ? [`signed with ${imageKey}`] : []),
    ...(expires === undefined ? [] : [`valid until ${expires}`]),
    ...(imageKey === undefined ? ['in order; whether the image takes it shows when there is one'] : []),
  ].join(', ');
}

async function gather(site: Site): Promise<Facts> {
  const now = site.machine.now();
  const { policyRecords } = instancePaths(site.name);
  const found = await imageOrError(site);
  const image = isBulkheadError(found) ? undefined : found.manifest;
  const key = image?.policyKey === undefined ? undefined : createPublicKey(image.policyKey);
  const imageKey = image === undefined ? undefined : key === undefined ? null : keyIdOf(key);
  const notes = image === undefined ? [] : otherKeyNotes(policyRecords, key);
  const facts = { now, imageKey, notes };
  try {
    const file = await policyFileOf(site.policy);
    const read = file === undefined ? undefined : await readPolicyFile(file);
    const admission =
      image === undefined ? undefined : await admissionOf(image, policyRecords, { now, remember: false });
    if (admission !== undefined) admitPolicy(read, admission, file ?? 'the policy');
    if (read === undefined) return { ...facts, policy: undefined, refusal: undefined };
    const { settings } = read;
    const policy = {
      file: read.file,
      serial: settings.bulkhead?.serial,
      expires: settings.bulkhead?.expires,
      contact: contactOf(settings),
      notCarriedOut: notCarriedOut(settings),
    };
    return { ...facts, policy, refusal: undefined };
  } catch (error) {
    if (isBulkheadError(error)) return { ...facts, policy: undefined, refusal: error };
    throw error;
  }
}
