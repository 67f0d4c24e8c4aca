import { createHash, createPublicKey, type KeyObject, sign, verify } from 'node:crypto';
import { canonicalJson } from './canonical-json.js';
import { isJsonObject, type JsonObject } from './json-value.js';

/** Of a policy, within its `bulkhead` object: the file stays one that Docker Desktop reads. */
export interface PolicySignature {
  /** Which key made it, so that a wrong key is told from an altered file. It proves nothing. */
  readonly keyId: string;
  /** Base64 of 64 bytes. */
  readonly value: string;
}

/** Keeps a signature over a policy from being one over anything else the same key may sign. */
const context = 'bulkhead-policy/1\n';

/** First 16 hex digits of the SHA-256 of the key's SubjectPublicKeyInfo (RFC 5280 §4.1, RFC 8410). Takes either half of the pair. */
export function keyIdOf(key: KeyObject): string {
  const spki = (key.type === 'public' ? key : createPublicKey(key)).export({ type: 'spki', format: 'der' });
  return createHash('sha256').update(spki).digest('hex').slice(0, 16);
}

/** @returns the document with its signature, an older one replaced. @param key Ed25519, private. */
export function signDocument(document: JsonObject, key: KeyObject): JsonObject {
  const { keyId, value } = signatureOver(signedBytes(document), key);
  return { ...document, bulkhead: { ...ownKeys(document), signature: { keyId, value } } };
}

/** Whether this key signed this document (Ed25519, RFC 8032): what is signed is its content, not its bytes. */
export function isSignedBy(document: JsonObject, signature: PolicySignature, key: KeyObject): boolean {
  return isSignatureOver(signedBytes(document), signature, key);
}

/** Of bytes that begin with what they are: one key signs several kinds of documents. @param key Ed25519, private. */
export function signatureOver(bytes: Buffer, key: KeyObject): PolicySignature {
  return { keyId: keyIdOf(key), value: sign(null, bytes, key).toString('base64') };
}

export function isSignatureOver(bytes: Buffer, { value }: PolicySignature, key: KeyObject): boolean {
  return verify(null, bytes, key, Buffer.from(value, 'base64'));
}

/** SHA-256 of what a signature is over, in hex: the same however the file is formatted, and whoever signed it. */
export function contentHash(document: JsonObject): string {
  return createHash('sha256').update(signedBytes(document)).digest('hex');
}

/** Everything but the signature, in the one form it has (RFC 8785). */
function signedBytes(document: JsonObject): Buffer {
  const { signature: _, ...own } = ownKeys(document);
  return Buffer.from(context + canonicalJson({ ...document, bulkhead: own }));
}

function ownKeys({ bulkhead }: JsonObject): JsonObject {
  return isJsonObject(bulkhead) ? bulkhead : {};
}
