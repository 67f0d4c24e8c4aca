import { type Authority, hostText, parseAuthority } from '../../common/authority.js';
import { hub } from '../../common/registry-name.js';
import type { CompiledRules } from '../compiled-rules.js';
import { decideImage } from '../image-access/decide-image.js';
import { mirroredNames, sourceOf } from '../image-access/mirrors.js';
import { imageText, type NamedImage } from '../names/canonical-image.js';
import { decideRegistry } from '../registry-access/decide-registry.js';
import type { Access, RegistryOperation } from '../registry-requests/operation.js';
import type { Verdict } from '../verdict.js';

/** What one rule says. */
export interface ExplainedRule {
  readonly rule: 'registry-access' | 'image-access';
  readonly verdict: 'permitted' | 'refused';
  /** What of the policy says so, or the refusal as whoever pulls reads it. */
  readonly why: string;
}

/** What becomes of an image that is pulled or pushed, without anybody being asked for it. */
export interface ExplainedImage {
  readonly operation: Access;
  /** By its name for the rules. */
  readonly image: string;
  /** Where it would be asked for. */
  readonly host: string;
  readonly verdict: 'permitted' | 'refused';
  readonly rules: readonly ExplainedRule[];
  readonly notes: readonly string[];
}

const hubRegistry = 'registry-1.docker.io';

export function explainImage(rules: CompiledRules, image: NamedImage, operation: Access): ExplainedImage {
  const asked = askedAt(image);
  const own = registryVerdict(rules, image, operation, asked);
  const mirror = own?.verdict === 'refuse' && operation === 'pull' ? openMirror(rules, image) : undefined;
  const registry = mirror?.verdict ?? own;
  const images =
    rules.images === undefined
      ? undefined
      : decideImage(rules.images, { image, access: operation, contact: rules.contact });
  const explained = [
    ...(registry === undefined ? [] : [explainedRule('registry-access', registry)]),
    ...(images === undefined ? [] : [explainedRule('image-access', images)]),
  ];
  return {
    operation,
    image: imageText(image),
    host: mirror?.host ?? textOf(asked),
    verdict: explained.every(({ verdict }) => verdict === 'permitted') ? 'permitted' : 'refused',
    rules: explained,
    notes: notesOf(rules, image, images, mirror?.host),
  };
}

function registryVerdict(
  { registries, contact }: CompiledRules,
  { repository, tag, digest }: NamedImage,
  access: Access,
  { host, port = 443 }: Authority,
): Verdict | undefined {
  if (registries === undefined) return undefined;
  const path = repository.slice(repository.indexOf('/') + 1);
  const reference = digest === undefined ? { tag: tag ?? 'latest' } : { digest };
  const request: RegistryOperation = { kind: 'manifest', path, access, reference };
  return decideRegistry(registries, { host, port, operation: request }, contact);
}

/** The Hub answers at another host than its images are named after. */
function askedAt({ authority, repository }: NamedImage): Authority {
  return repository.startsWith(`${hub}/`) ? (parseAuthority(hubRegistry) ?? authority) : authority;
}

/** A mirror the policy names for the image, at a host that is open where the registry's own is not. */
function openMirror(
  rules: CompiledRules,
  image: NamedImage,
): { readonly host: string; readonly verdict: Verdict } | undefined {
  for (const name of mirroredNames(rules.images?.mirrors ?? new Map(), image.repository)) {
    const authority = parseAuthority(name.slice(0, name.indexOf('/')));
    const verdict = authority === undefined ? undefined : registryVerdict(rules, image, 'pull', authority);
    if (authority !== undefined && verdict?.verdict === 'permit') return { host: textOf(authority), verdict };
  }
  return undefined;
}

function explainedRule(rule: ExplainedRule['rule'], verdict: Verdict): ExplainedRule {
  return verdict.verdict === 'permit'
    ? { rule, verdict: 'permitted', why: verdict.place }
    : { rule, verdict: 'refused', why: verdict.error.message };
}

function notesOf(
  { registries, images: rules }: CompiledRules,
  { repository }: NamedImage,
  images: Verdict | undefined,
  mirror: string | undefined,
): string[] {
  const notes: string[] = [];
  const source = rules === undefined ? undefined : sourceOf(rules.mirrors, repository);
  if (registries === undefined && rules === undefined)
    notes.push('The policy restricts neither registries nor images.');
  if (source !== undefined) notes.push(`It is decided as ${source}, whose mirror this is.`);
  if (mirror !== undefined)
    notes.push(`Only where the engine asks the mirror ${mirror}: the registry itself is not open.`);
  if (images?.verdict === 'permit' && images.digests !== undefined)
    notes.push(`The registry must answer with one of: ${[...images.digests].join(', ')}.`);
  if (images?.verdict === 'permit' && images.deniedDigests !== undefined)
    notes.push(`The registry must not answer with any of: ${[...images.deniedDigests].join(', ')}.`);
  if (registries !== undefined)
    notes.push('Where the registry sends its clients for tokens and layers is known only when it is asked.');
  return notes;
}

function textOf({ host, port }: Authority): string {
  return port === undefined || port === 443 ? hostText(host) : `${hostText(host)}:${port}`;
}
