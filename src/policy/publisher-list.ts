import type { KeyObject } from 'node:crypto';
import { z } from 'zod';
import { BulkheadError } from '../common/errors/bulkhead-error.js';
import { canonicalJson } from './canonical-json.js';
import { hubNamespace } from './image-access-schema.js';
import type { JsonObject } from './json-value.js';
import { namesOf } from './key-names.js';
import { isSignatureOver, keyIdOf, signatureOver } from './signature.js';
import { signatureSchema } from './signature-schema.js';
import { readStrictDocument, type StrictDocument } from './strict-document.js';

const schema = z.strictObject({
  publishersVersion: z.literal(1),
  /** Grows with each list; an older one is not taken again. */
  serial: z.int().min(0),
  /** From then on nobody counts as a verified publisher, until there is a newer list. */
  expires: z.iso.datetime({ offset: true }),
  /** Of Docker Hub. */
  namespaces: z.array(hubNamespace),
  /** Made by `bulkhead policy sign`. */
  signature: signatureSchema.optional(),
});

/** Whose images on Docker Hub are those of verified publishers: data beside the policy, which changes without it. */
export type PublisherList = z.infer<typeof schema>;

/** What of the lists there is, as far as it counts at a time. */
export interface Publishers {
  readonly namespaces: ReadonlySet<string>;
  /** Why it is nobody, for whoever is refused for that. */
  readonly missing?: string | undefined;
}

/** Keeps a signature over a list from being one over a policy. */
const context = 'bulkhead-publishers/1\n';

/** @param file its name, for the messages. @returns the list, or one `BH_PUBLISHERS_INVALID` for each fault. */
export function readPublisherList(bytes: Uint8Array, file: string): StrictDocument<PublisherList> {
  return readStrictDocument(bytes, file, {
    schema,
    names: namesOf(schema),
    problem: 'BH_PUBLISHERS_INVALID',
  });
}

/** Whether a document is meant to be such a list, and not a policy. */
export function isPublisherList(document: JsonObject): boolean {
  return Object.keys(document).some((key) => key.toLowerCase() === 'publishersversion');
}

/** @returns the document with its signature, an older one replaced. @param key Ed25519, private. */
export function signPublisherList(document: JsonObject, key: KeyObject): JsonObject {
  const { keyId, value } = signatureOver(signedBytes(document), key);
  return { ...document, signature: { keyId, value } };
}

/**
 * Whether a list may be used. Threat: names somebody has added to it, and an old list put back in the place of the newer one.
 *
 * @param key the organization's public key; where the image has none, as with policies, nobody's signature is asked for.
 * @param highestSerial of the lists that were in use here.
 * @throws BH_PUBLISHERS_REFUSED
 */
export function acceptPublisherList(
  { list, document }: { readonly list: PublisherList; readonly document: JsonObject },
  { key, highestSerial }: { readonly key: KeyObject | undefined; readonly highestSerial: number },
  file: string,
): void {
  const refused = (reason: string): BulkheadError =>
    new BulkheadError('BH_PUBLISHERS_REFUSED', { file, reason });
  if (key !== undefined) {
    const { signature } = list;
    if (signature === undefined) throw refused('it is not signed');
    if (signature.keyId !== keyIdOf(key))
      throw refused(
        `it is signed with the key ${signature.keyId}, not with ${keyIdOf(key)} of the organization`,
      );
    if (!isSignatureOver(signedBytes(document), signature, key))
      throw refused('it was changed after it was signed');
  }
  if (list.serial < highestSerial)
    throw refused(`it has the serial ${list.serial}, and one with ${highestSerial} was in use before`);
}

/** Reads a list that may be used. @throws BH_PUBLISHERS_INVALID with the first place that is wrong; what `acceptPublisherList` does. */
export function readAcceptedList(
  bytes: Uint8Array,
  by: Parameters<typeof acceptPublisherList>[1],
  file: string,
): PublisherList {
  const read = readPublisherList(bytes, file);
  if (read.problems !== undefined) throw read.problems[0];
  acceptPublisherList({ list: read.value, document: read.document }, by, file);
  return read.value;
}

/** @param missing why it is nobody. */
export function noPublishers(missing: string): Publishers {
  return { namespaces: new Set(), missing };
}

/**
 * Who counts as a verified publisher at a time. Out of date is stricter: nobody does.
 *
 * @param now by the clock, in milliseconds since 1970, or the highest time there was where that is later.
 */
export function publishersAt(list: PublisherList | undefined, now: number): Publishers {
  return list === undefined
    ? noPublishers('there is no list of verified publishers')
    : currentPublishers(list, () => now);
}

/** The same, told anew each time somebody looks: a list goes out of date while an engine runs, and a clock that is set back then makes it no younger. */
export function currentPublishers(list: PublisherList, now: () => number): Publishers {
  const namespaces = new Set(list.namespaces);
  const none = new Set<string>();
  let latest = Number.NEGATIVE_INFINITY;
  const missing = (): string | undefined => {
    latest = Math.max(latest, now());
    return outOfDate(list, latest);
  };
  return {
    get namespaces() {
      return missing() === undefined ? namespaces : none;
    },
    get missing() {
      return missing();
    },
  };
}

function outOfDate({ expires }: PublisherList, now: number): string | undefined {
  return Date.parse(expires) <= now
    ? `the list of verified publishers is out of date since ${expires}`
    : undefined;
}

function signedBytes(signed: JsonObject): Buffer {
  const { signature: _, ...document } = signed;
  return Buffer.from(context + canonicalJson(document));
}
