import { isLoopback, isLoopbackName } from '../../common/loopback.js';
import type { CompiledRules } from '../compiled-rules.js';
import { sourceOf } from '../image-access/mirrors.js';
import { imageText, type NamedImage } from '../names/canonical-image.js';
import type { Access } from '../registry-requests/operation.js';
import type { Verdict } from '../verdict.js';
import { decideNamed } from './decide-named.js';

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

export function explainImage(rules: CompiledRules, image: NamedImage, operation: Access): ExplainedImage {
  const { registry, images, host, mirror } = decideNamed(rules, image, operation);
  const explained = [
    ...(registry === undefined ? [] : [explainedRule('registry-access', registry)]),
    ...(images === undefined ? [] : [explainedRule('image-access', images)]),
  ];
  return {
    operation,
    image: imageText(image),
    host,
    verdict: explained.every(({ verdict }) => verdict === 'permitted') ? 'permitted' : 'refused',
    rules: explained,
    notes: notesOf(rules, image, images, mirror),
  };
}

function explainedRule(rule: ExplainedRule['rule'], verdict: Verdict): ExplainedRule {
  return verdict.verdict === 'permit'
    ? { rule, verdict: 'permitted', why: verdict.place }
    : { rule, verdict: 'refused', why: verdict.error.message };
}

function notesOf(
  { registries, images: rules }: CompiledRules,
  { repository, authority: { host } }: NamedImage,
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
    notes.push(`The registry must not answer with any of: ${[...images.deniedDigests.keys()].join(', ')}.`);
  if (rules !== undefined && (host.kind === 'name' ? isLoopbackName : isLoopback)(host.text))
    notes.push(
      'It is on the engine itself, where requests in plain HTTP are decided so: by TLS it is reached only where a rule admits every image of that registry.',
    );
  if (registries !== undefined)
    notes.push('Where the registry sends its clients for tokens and layers is known only when it is asked.');
  return notes;
}
