import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { createSecureContext, type SecureContext } from 'node:tls';
import { type HostName, hostText } from '../../common/authority.js';
import { pemOf, writeCertificate } from './certificate.js';

const day = 24 * 3600 * 1000;
/** Milliseconds. A guest's clock may be behind, or ahead, of the host's. */
const lasts = { before: 2 * day, authority: 3650 * day, server: 30 * day } as const;
/** Of names at once; the one longest not asked for is made anew. */
const mostContexts = 1000;

interface Made {
  readonly context: SecureContext;
  readonly since: number;
}

/** An authority by its certificate and its key, as it is handed to the gateway. */
export interface AuthorityKeys {
  /** What the engine is to trust; PEM. */
  readonly certificate: string;
  /** PKCS #8, PEM. */
  readonly privateKey: string;
}

/**
 * Makes the authority of one boot. Threat: whoever has its key is every server of the world to the engine. So it is in the memory of who starts the engine and of the gateway
 * alone, is never written, and ends with them. It is not the gateway's own, because one that is started again has to be known to the engine.
 */
export function makeAuthority(now = Date.now()): AuthorityKeys {
  const keys = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const certificate = writeCertificate({
    use: { kind: 'authority' },
    publicKey: keys.publicKey,
    issuer: keys,
    from: new Date(now - lasts.before),
    until: new Date(now + lasts.authority),
  });
  return { certificate: pemOf(certificate), privateKey: privatePem(keys.privateKey) };
}

/** Speaks for every server the engine asks for, by certificates that are made as they are needed. */
export class BootAuthority {
  readonly #keys: { readonly publicKey: KeyObject; readonly privateKey: KeyObject };
  /** One for all servers: they are all this process. */
  readonly #serverKeys = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  readonly #serverKey: string = privatePem(this.#serverKeys.privateKey);
  readonly #contexts = new Map<string, Made>();
  readonly #now: () => number;

  constructor({ privateKey }: Pick<AuthorityKeys, 'privateKey'>, now: () => number = Date.now) {
    const key = createPrivateKey(privateKey);
    this.#keys = { privateKey: key, publicKey: createPublicKey(key) };
    this.#now = now;
  }

  /** By what a server of this name is spoken for. */
  contextFor(host: HostName): SecureContext {
    const key = hostText(host);
    const known = this.#contexts.get(key);
    this.#contexts.delete(key);
    const made =
      known !== undefined && this.#now() - known.since < lasts.server / 2 ? known : this.#make(host);
    this.#contexts.set(key, made);
    const [oldest] = this.#contexts.keys();
    if (this.#contexts.size > mostContexts && oldest !== undefined) this.#contexts.delete(oldest);
    return made.context;
  }

  #make(host: HostName): Made {
    const since = this.#now();
    const certificate = writeCertificate({
      use: { kind: 'server', host },
      publicKey: this.#serverKeys.publicKey,
      issuer: this.#keys,
      from: new Date(since - lasts.before),
      until: new Date(since + lasts.server),
    });
    const context = createSecureContext({
      key: this.#serverKey,
      cert: pemOf(certificate),
      minVersion: 'TLSv1.2',
    });
    return { context, since };
  }
}

function privatePem(key: KeyObject): string {
  return key.export({ type: 'pkcs8', format: 'pem' }).toString();
}
