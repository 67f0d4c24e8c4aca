import { createHash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { BulkheadError } from '../../common/errors/bulkhead-error.js';
import type { KnownContents } from '../image-access/decide-image.js';
import { contentsOf } from '../image-access/known-contents.js';
import { imageText, repositoryName } from '../names/canonical-image.js';
import type { Decided } from './exchange.js';
import { longestManifest } from './manifest-answer.js';
import { readAll } from './read-all.js';

/** Asks the registry a request is for something else, in the name of whoever asks. */
export type AskInstead = (decided: Decided) => Promise<IncomingMessage>;

/** Of images for several platforms, and of one. */
const accepted = [
  'application/vnd.oci.image.index.v1+json',
  'application/vnd.docker.distribution.manifest.list.v2+json',
  'application/vnd.oci.image.manifest.v1+json',
  'application/vnd.docker.distribution.manifest.v2+json',
].join(', ');
/** For how long what a repository has not is not asked for again, milliseconds, and of how many that is kept. */
const limits = { absent: 600_000, kept: 100_000 } as const;

/**
 * What is in the contents that rules deny by their digest. Threat: who is refused an index asks for the manifest of a platform in it, which has a digest of its own that no rule names. So before a manifest that is asked for by its
 * digest is passed on, and is no part of what was admitted, the registry is asked for what is denied there; what can't be had is refused with it.
 */
export class DeniedIndexes {
  readonly #now: () => number;
  /** By the digest that is denied, whichever repository it was seen in. */
  readonly #parts = new Map<string, ReadonlySet<string>>();
  /** By repository and digest: when it was not there. */
  readonly #absent = new Map<string, number>();

  constructor(now = () => performance.now()) {
    this.#now = now;
  }

  /** @throws BulkheadError where the manifest is a part of what a rule denies, or may be one. */
  async hold(decided: Decided, known: KnownContents, ask: AskInstead): Promise<void> {
    const { place, operation, permit, rules } = decided;
    if (operation.kind !== 'manifest' || operation.access !== 'pull' || permit.deniedDigests === undefined)
      return;
    const { reference, path } = operation;
    const repository = repositoryName(place, path);
    if (!('digest' in reference) || known.has(repository, reference.digest)) return;
    const { digest } = reference;
    const found = await Promise.all(
      [...permit.deniedDigests].map(async ([denied, at]) => {
        const parts = this.#parts.get(denied) ?? (await this.#lookUp(repository, denied, decided, ask));
        return { at, isPart: parts === 'unknown' ? parts : parts.has(digest) };
      }),
    );
    const what = imageText({ repository, digest });
    const refuse = (isPart: true | 'unknown', reason: string): void => {
      const { at } = found.find((each) => each.isPart === isPart) ?? {};
      if (at !== undefined)
        throw new BulkheadError('BH_IMAGE_ACCESS', { reason, what, place: at, contact: rules.contact });
    };
    refuse(true, 'a rule denies an image it is a part of');
    refuse(
      'unknown',
      'it may be a part of what a rule denies, of which the registry does not say what is in it',
    );
  }

  async #lookUp(
    repository: string,
    denied: string,
    decided: Decided,
    ask: AskInstead,
  ): Promise<ReadonlySet<string> | 'unknown'> {
    const key = `${repository} ${denied}`;
    const since = this.#absent.get(key);
    if (since !== undefined && this.#now() - since < limits.absent) return new Set();
    // That it is there costs nothing where what is pulled is counted.
    const head = await ask(insteadOf(decided, 'HEAD', denied));
    head.resume();
    if (head.statusCode === 404) {
      this.#absent.delete(key);
      this.#absent.set(key, this.#now());
      const [oldest] = this.#absent.keys();
      if (this.#absent.size > limits.kept && oldest !== undefined) this.#absent.delete(oldest);
      return new Set();
    }
    if (head.statusCode !== 200) return 'unknown';
    const answer = await ask(insteadOf(decided, 'GET', denied));
    const bytes = await readAll(answer, longestManifest);
    if (answer.statusCode !== 200 || bytes === undefined || !isOf(denied, bytes)) return 'unknown';
    const parts = new Set(contentsOf(bytes.toString()));
    this.#parts.set(denied, parts);
    return parts;
  }
}

function insteadOf(decided: Decided, method: 'HEAD' | 'GET', digest: string): Decided {
  const { message, operation } = decided;
  if (operation.kind !== 'manifest') return decided;
  const query = /\?.*$/s.exec(message.target)?.[0] ?? '';
  const target = `/v2/${operation.path}/manifests/${digest}${query}`;
  const fields = [
    ...message.fields.filter(([name]) => name.toLowerCase() !== 'accept'),
    ['accept', accepted] as const,
  ];
  return {
    ...decided,
    message: { ...message, method, target, fields },
    operation: { ...operation, reference: { digest } },
  };
}

function isOf(digest: string, bytes: Buffer): boolean {
  const [algorithm = ''] = digest.split(':');
  return digest === `${algorithm}:${createHash(algorithm).update(bytes).digest('hex')}`;
}
