import { matchesGlob } from '../../common/glob.js';
import { BulkheadError } from '../../common/errors/bulkhead-error.js';
import { hub } from '../../common/registry-name.js';
import { type CanonicalImage, imageText } from '../names/canonical-image.js';
import type { Access } from '../registry-requests/operation.js';
import type { Verdict } from '../verdict.js';
import { type CategoryAnswer, hubCategory } from './hub-category.js';
import { type CompiledImageRule, type ImageRules, imageSetting, type PatternRules } from './image-rules.js';
import { sourceOf } from './mirrors.js';

/** What is known of contents that were let through: of a manifest that was admitted, what is in it. */
export interface KnownContents {
  has(repository: string, digest: string): boolean;
}

/** What is to be done with an image, or with all of a repository where neither tag nor digest is named. */
export interface ImageQuestion {
  readonly image: CanonicalImage;
  readonly access: Access;
  readonly contact: string;
  readonly known?: KnownContents;
}

const nothingKnown: KnownContents = { has: () => false };

/**
 * Whether the rules admit an image. Of several patterns the one that says most of the name counts, of its rules `deny` before `allow`. A rule that allows some
 * versions alone refuses the others of its repositories; where the version is not known yet, the answer says which contents it may be.
 */
export function decideImage(rules: ImageRules, question: ImageQuestion): Verdict {
  const { image, access, contact, known = nothingKnown } = question;
  const refuse = (reason: string, place: string): Verdict => ({
    verdict: 'refuse',
    error: new BulkheadError('BH_IMAGE_ACCESS', { reason, what: imageText(image), place, contact }),
  });
  const source = sourceOf(rules.mirrors, image.repository);
  if (source !== undefined && access === 'push')
    return refuse(`it is a mirror of ${source}, which nobody pushes to`, `${imageSetting}.mirrors`);
  const decided = source === undefined ? image : { ...image, repository: source };
  const groups = ranked(rules.patterns.find(decided.repository));
  for (const [at, group] of groups.entries()) {
    const answer = ofPattern(group, decided, (digest) => known.has(image.repository, digest));
    if (answer?.action === 'deny') return refuse(answer.reason, answer.place);
    if (answer !== undefined) return permitted(answer, groups.slice(0, at + 1));
  }
  const answer = ofRegistry(rules, decided.repository);
  return answer.allowed ? permitted(answer, groups) : refuse(answer.reason, answer.place);
}

type Answer =
  | { readonly action: 'allow'; readonly place: string; readonly digests?: ReadonlySet<string> }
  | { readonly action: 'deny'; readonly place: string; readonly reason: string };

/** Undefined where another pattern, or none, is to decide. */
function ofPattern(
  { rules }: PatternRules,
  image: CanonicalImage,
  isPart: (digest: string) => boolean,
): Answer | undefined {
  const whole = image.tag === undefined && image.digest === undefined;
  const applying = rules.filter((rule) => applies(rule, image));
  const denied = applying.find(({ action }) => action === 'deny');
  if (denied !== undefined) return { action: 'deny', place: denied.place, reason: 'a rule denies it' };
  const allowing = rules.filter(({ action }) => action === 'allow');
  const allowed = applying.find(({ action }) => action === 'allow');
  const [first] = allowing;
  if (first === undefined) return undefined;
  if (allowed !== undefined || whole) return { action: 'allow', place: (allowed ?? first).place };
  if (image.digest !== undefined && isPart(image.digest)) return { action: 'allow', place: first.place };
  const digests = new Set(allowing.flatMap(({ digests: pinned }) => [...(pinned ?? [])]));
  if (image.digest === undefined && digests.size > 0) return { action: 'allow', place: first.place, digests };
  return { action: 'deny', place: first.place, reason: 'other versions of it are allowed' };
}

/** Of a rule for some versions: by the tag, or by the digest where that is known. */
function applies({ tags, digests }: CompiledImageRule, { tag, digest }: CanonicalImage): boolean {
  if (tags === undefined && digests === undefined) return true;
  return (
    (digest !== undefined && digests?.has(digest) === true) ||
    (tag !== undefined && tags?.some((pattern) => matchesGlob(tag, pattern)) === true)
  );
}

function ofRegistry(rules: ImageRules, repository: string): CategoryAnswer {
  const path = repository.startsWith(`${hub}/`) ? repository.slice(hub.length + 1) : undefined;
  if (path !== undefined && rules.hub !== undefined)
    return hubCategory(path, { ...rules, hub: rules.hub }, imageSetting);
  const place = `${imageSetting}.default`;
  return { allowed: rules.otherwise === 'allow', place, reason: 'no rule names its repository' };
}

/**
 * What is denied by its digest stays so under a tag: the contents have to be looked at.
 *
 * @param groups that say as much of the name as what permits it, or more.
 */
function permitted(
  { place, digests }: { readonly place: string; readonly digests?: ReadonlySet<string> },
  groups: readonly PatternRules[],
): Verdict {
  const denied = new Map(
    groups.flatMap(({ rules }) =>
      rules.flatMap(({ action, digests: of, place: at }) =>
        action === 'deny' ? [...(of ?? [])].map((digest) => [digest, at] as const) : [],
      ),
    ),
  );
  return {
    verdict: 'permit',
    place,
    ...(digests === undefined ? {} : { digests }),
    ...(denied.size === 0 ? {} : { deniedDigests: denied }),
  };
}

/** Those that say most first; of patterns that say as much the rules are one list, so that it makes no difference which of them stands first. */
function ranked(found: readonly PatternRules[]): readonly PatternRules[] {
  const groups: PatternRules[] = [];
  for (const group of [...found].sort(byRank)) {
    const last = groups.at(-1);
    if (last !== undefined && byRank(last, group) === 0)
      groups.splice(-1, 1, { rank: last.rank, rules: [...last.rules, ...group.rules] });
    else groups.push(group);
  }
  return groups;
}

function byRank({ rank: a }: PatternRules, { rank: b }: PatternRules): number {
  const at = a.findIndex((part, index) => part !== b[index]);
  return at === -1 ? 0 : (b[at] ?? 0) - (a[at] ?? 0);
}
