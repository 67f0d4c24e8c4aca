import { parseRepositoryPattern, type RepositoryPattern } from '../../common/repository-pattern.js';
import { RepositoryGlobs } from '../../common/repository-globs.js';
import type { ImageAccess, ImageRule, Publishers } from '../../policy/index.js';
import { type Mirrors, compileMirrors } from './mirrors.js';

/** One rule, and where in the policy it stands. */
export interface CompiledImageRule {
  readonly place: string;
  readonly action: 'allow' | 'deny';
  /** Undefined with `digests` undefined as well: for every version. */
  readonly tags: readonly string[] | undefined;
  readonly digests: ReadonlySet<string> | undefined;
}

/** All rules with one pattern. */
export interface PatternRules {
  /** The greater, compared from the front, the more of a repository's name the pattern says. */
  readonly rank: readonly number[];
  readonly rules: CompiledImageRule[];
}

/** `bulkhead.imageAccess`, compiled. */
export interface ImageRules {
  readonly patterns: RepositoryGlobs<PatternRules>;
  readonly hub: ImageAccess['hub'];
  readonly organizations: ReadonlySet<string>;
  readonly publishers: Publishers;
  readonly mirrors: Mirrors;
  /** Of every rule that denies. */
  readonly deniedDigests: ReadonlySet<string>;
  readonly otherwise: 'allow' | 'deny';
  readonly load: 'allow' | 'deny';
}

export const imageSetting = 'bulkhead.imageAccess';

/** @param publishers who is one now (`publishersAt`). */
export function compileImageAccess(access: ImageAccess, publishers: Publishers): ImageRules {
  const { hub, rules = [], mirrors = [], load } = access;
  const groups = new Map<string, PatternRules & { readonly pattern: RepositoryPattern }>();
  const add = (text: string, rule: CompiledImageRule): void => {
    const pattern = parseRepositoryPattern(text);
    if (pattern === undefined) return;
    const key = `${pattern.repository}${pattern.below ? '/**' : ''}`;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, { pattern, rank: rankOf(pattern), rules: [rule] });
    else group.rules.push(rule);
  };
  for (const [at, rule] of rules.entries()) add(rule.repository, compiled(rule, at));
  for (const [at, repository] of (hub?.repositories ?? []).entries())
    add(`docker.io/${repository}`, {
      place: `${imageSetting}.hub.repositories[${at}]`,
      action: 'allow',
      tags: undefined,
      digests: undefined,
    });
  const patterns = new RepositoryGlobs<PatternRules>();
  for (const { pattern, ...group } of groups.values())
    if (pattern.below) patterns.addBelow(pattern.repository, group);
    else patterns.add(pattern.repository, group);
  return {
    patterns,
    hub,
    organizations: new Set(hub?.organizations),
    publishers,
    mirrors: compileMirrors(mirrors),
    deniedDigests: new Set(rules.flatMap(({ action, digests = [] }) => (action === 'deny' ? digests : []))),
    otherwise: access.default,
    load,
  };
}

function compiled({ action, tags, digests }: ImageRule, at: number): CompiledImageRule {
  return {
    place: `${imageSetting}.rules[${at}]`,
    action,
    tags,
    digests: digests === undefined ? undefined : new Set(digests),
  };
}

/** A registry by its name before several, then the letters that are said of the path, then whether it is all of them. */
function rankOf({ repository, below }: RepositoryPattern): number[] {
  const slash = `${repository}/`.indexOf('/');
  const [registry, path] = [repository.slice(0, slash), repository.slice(slash + 1)];
  const said = `${path}${below && path !== '' ? '/' : ''}`.replaceAll('*', '').length;
  const whole = below ? 0 : path.includes('*') ? 1 : 2;
  return [registry.startsWith('*') ? 0 : 1, registry.length, said, whole];
}
