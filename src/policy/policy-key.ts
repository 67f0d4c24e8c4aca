import { createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto';
import { messageOf } from '../common/cause.js';
import { BulkheadError } from '../common/errors/bulkhead-error.js';

/**
 * An Ed25519 key in PEM, as openssl writes it. A passphrase is not asked for.
 *
 * @param file its name, for the message.
 * @throws BH_POLICY_KEY_FILE
 */
export function parsePolicyKey(pem: string | Buffer, kind: 'private' | 'public', file: string): KeyObject {
  try {
    // createPublicKey would take a private key as well; who distributes that by mistake should hear of it.
    if (kind === 'public' && pem.includes('PRIVATE KEY')) throw new Error('it holds a private key');
    const key = kind === 'private' ? createPrivateKey(pem) : createPublicKey(pem);
    if (key.asymmetricKeyType !== 'ed25519') throw new Error(`it is of type ${key.asymmetricKeyType}`);
    return key;
  } catch (cause) {
    throw new BulkheadError('BH_POLICY_KEY_FILE', { file, kind, reason: messageOf(cause) }, { cause });
  }
}

/** The one text of a public key, whatever its file looked like: it decides which image a build makes. */
export function publicKeyText(key: KeyObject): string {
  return key.export({ type: 'spki', format: 'pem' }).toString();
}
