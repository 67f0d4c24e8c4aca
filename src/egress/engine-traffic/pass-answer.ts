import type { IncomingMessage } from 'node:http';
import { BulkheadError } from '../../common/errors/bulkhead-error.js';
import { isDigest } from '../../common/image-reference.js';
import { fullPath } from '../../common/registry-name.js';
import { sourceOf } from '../image-access/mirrors.js';
import { type CanonicalImage, repositoryName } from '../names/canonical-image.js';
import { decideAnswer } from './decide-answer.js';
import type { Decided, Deciding, Exchange } from './exchange.js';
import { checkDigest, checkManifest, longestManifest, type ManifestAnswer } from './manifest-answer.js';
import { passBody } from './pass-body.js';
import { placeText } from './place.js';
import { readAll } from './read-all.js';

/** Of what says which layers an image has, bytes; of a longer one they are not known. */
const longestConfig = 1024 * 1024;

/** Said to us alone, and what would have the engine go another way than by the gateway. */
const notPassedOn =
  /^(?:alt-svc|connection|keep-alive|proxy-.*|te|trailer|transfer-encoding|upgrade|x-bulkhead-.*)$/;

/** Passes an answer on, as fast as it is taken. */
export type Pass = () => Promise<void>;

/**
 * Decides a registry's answer. Manifests are looked at whole.
 *
 * @returns what passes it on.
 * @throws BulkheadError what is to be shown in its place.
 */
export async function judgeAnswer(
  answer: IncomingMessage,
  decided: Decided,
  exchange: Exchange,
  deciding: Deciding,
): Promise<Pass> {
  const { place, operation, rules } = decided;
  const status = answer.statusCode ?? 0;
  // Threat: what a client takes for a word before the answer, and waits for what is behind it.
  if (status < 200) throw unsound(decided, `its status is ${status}, which no answer has`);
  const challenge = answer.headers['www-authenticate'];
  const leads = { status, location: locationOf(answer, decided), challenge };
  const refusal = decideAnswer(rules, place, operation, leads);
  if (refusal !== undefined) throw refusal.error;
  const manifest = manifestAnswer(answer, decided);
  if (manifest !== undefined && status >= 200 && status < 300)
    return judgeManifest(answer, { manifest, decided, exchange }, deciding);
  if (isAwaited(answer, decided, deciding)) return learnContents(answer, exchange, deciding);
  return () => passBytes(answer, exchange);
}

function locationOf({ rawHeaders }: IncomingMessage, decided: Decided): string | undefined {
  const found = rawHeaders.filter(
    (_, at) => at % 2 === 1 && rawHeaders[at - 1]?.toLowerCase() === 'location',
  );
  if (found.length > 1) throw unsound(decided, 'it leads to two places');
  return found[0];
}

function manifestAnswer(
  { headers }: IncomingMessage,
  { place, operation, permit, rules }: Decided,
): ManifestAnswer | undefined {
  if (operation.kind !== 'manifest' || operation.access !== 'pull') return undefined;
  const image: CanonicalImage = { repository: repositoryName(place, operation.path), ...operation.reference };
  const said = headers['docker-content-digest'];
  return { image, said: Array.isArray(said) ? said.join() : said, permit, contact: rules.contact };
}

async function judgeManifest(
  answer: IncomingMessage,
  { manifest, decided, exchange }: { manifest: ManifestAnswer; decided: Decided; exchange: Exchange },
  { known, pulled }: Deciding,
): Promise<Pass> {
  const { image, said } = manifest;
  if (answer.statusCode !== 200)
    throw unsound(decided, `it answers ${answer.statusCode ?? 0} for a manifest`);
  if ((answer.headers['content-encoding'] ?? 'identity') !== 'identity')
    throw unsound(decided, 'its manifest is encoded, which nobody asked for');
  const admit = (digests: readonly string[]): void => {
    for (const repository of repositoriesOf(decided, image)) known.admit(repository, digests);
  };
  if (decided.message.method === 'HEAD') {
    const digest = said ?? image.digest;
    if (digest !== undefined && isDigest(digest)) {
      checkDigest(digest, manifest);
      // Clients that are told the digest of a tag ask for that.
      admit([digest]);
      await pulled.named(image, digest);
    }
    return () => passBytes(answer, exchange);
  }
  const bytes = await readAll(answer, longestManifest);
  if (bytes === undefined) throw unsound(decided, `its manifest is longer than ${longestManifest} bytes`);
  const sound = checkManifest(bytes, manifest);
  admit([sound.digest, ...sound.contents]);
  await pulled.manifest({ image, ...sound });
  return passWhole(answer, bytes, exchange);
}

/** Whether it may say which layers an image has: the blob that says so, or what a registry has sent the engine elsewhere for. */
function isAwaited(
  { statusCode, headers }: IncomingMessage,
  { message: { method }, operation }: Decided,
  { pulled }: Deciding,
): boolean {
  const length = headers['content-length'];
  if (method !== 'GET' || statusCode !== 200 || length === undefined || Number(length) > longestConfig)
    return false;
  if (operation.kind === 'blob') return pulled.awaits(operation.digest);
  return operation.kind === 'other' && pulled.awaits(undefined);
}

async function learnContents(
  answer: IncomingMessage,
  exchange: Exchange,
  { pulled }: Deciding,
): Promise<Pass> {
  const bytes = await readAll(answer, longestConfig);
  if (bytes === undefined) throw new RangeError('it is longer than it says');
  await pulled.contents(bytes);
  return passWhole(answer, bytes, exchange);
}

function passWhole(answer: IncomingMessage, bytes: Buffer, { response }: Exchange): Pass {
  const fields = fieldsOf(answer).filter(([name]) => name.toLowerCase() !== 'content-length');
  return async () => {
    response.writeHead(200, [...fields, ['content-length', String(bytes.length)]].flat());
    response.end(bytes);
    return Promise.resolve();
  };
}

/**
 * At a mirror of the policy's, that of the registry it stands in for as well. Threat: any other host that is asked with `ns` in the query, as by `ADD https://…`, says what is in
 * somebody else's image.
 */
function repositoriesOf({ operation, rules }: Decided, { repository }: CanonicalImage): string[] {
  if (operation.kind !== 'manifest' || operation.mirrored === undefined) return [repository];
  const { mirrored, path } = operation;
  const source = `${mirrored}/${fullPath(mirrored, path)}`;
  return rules.images !== undefined && sourceOf(rules.images.mirrors, repository) === source
    ? [repository, source]
    : [repository];
}

async function passBytes(answer: IncomingMessage, { response }: Exchange): Promise<void> {
  response.writeHead(answer.statusCode ?? 502, fieldsOf(answer).flat());
  await passBody(answer, response);
}

function fieldsOf({ rawHeaders, headers }: IncomingMessage): [name: string, value: string][] {
  const named = new Set((headers.connection ?? '').split(',').map((word) => word.trim().toLowerCase()));
  return rawHeaders.flatMap((name, at) => {
    const low = name.toLowerCase();
    if (at % 2 === 1 || notPassedOn.test(low) || (named.has(low) && low !== 'content-length')) return [];
    return [[name, rawHeaders[at + 1] ?? ''] as [string, string]];
  });
}

function unsound({ place, rules }: Decided, reason: string): BulkheadError {
  return new BulkheadError('BH_REGISTRY_ANSWER', { host: placeText(place), reason, contact: rules.contact });
}
