import { type HostName, parseAddress, parseHost } from '../../common/authority.js';
import { domainsAbove } from '../../common/host-name.js';
import { parseRepositoryPattern } from '../../common/repository-pattern.js';
import { hub, registryName } from '../../common/registry-name.js';
import type { ImageAccess, ImageRule } from '../../policy/index.js';
import { isHostOfHub } from '../registry-access/hub.js';
import { imageSetting } from './image-rules.js';
import { compileMirrors } from './mirrors.js';

/** What the rules of images say of all of a registry: what a client asks it for inside TLS nobody reads. */
export interface WholeRegistry {
  /** Every repository, tag and digest of it is admitted. */
  readonly admitted: boolean;
  /** It is one, by what the policy or we know of its name; otherwise that is to be asked. */
  readonly isKnown: boolean;
  /** What of the policy says so, such as `bulkhead.imageAccess.rules[3]`. */
  readonly place: string;
}

/** Of one registry, or of those below a domain: the places of the first rules that say so. */
interface SaidOfRegistry {
  /** A rule that admits all of it. */
  whole?: string;
  /** A rule that refuses something of it. */
  partly?: string;
}

export interface WholeRegistries {
  /** By the registry as patterns have it: `ghcr.io`, `*.example.com:5000`. */
  readonly said: ReadonlyMap<string, SaidOfRegistry>;
  readonly mirrors: ReadonlySet<string>;
  readonly hub: ImageAccess['hub'];
  readonly otherwise: 'allow' | 'deny';
  /** Nothing of any registry is refused. */
  readonly isOpen: boolean;
}

/** The rules of a policy as containers meet them, by registry: fast among any number of rules. */
export function compileWholeRegistries(access: ImageAccess): WholeRegistries {
  const said = new Map<string, SaidOfRegistry>();
  for (const [at, rule] of (access.rules ?? []).entries()) add(said, rule, `${imageSetting}.rules[${at}]`);
  const mirrors = new Set([...compileMirrors(access.mirrors ?? []).keys()].map(registryOfPath));
  const rules = { said, mirrors, hub: access.hub, otherwise: access.default };
  const partly = [...said.values()].some((each) => each.partly !== undefined);
  return {
    ...rules,
    isOpen:
      !partly &&
      mirrors.size === 0 &&
      rules.otherwise === 'allow' &&
      ofRules({ ...rules, isOpen: false }, hub).admitted,
  };
}

/**
 * Whether the rules admit all of the registry at a host. Of several patterns the nearest counts, as for an image: `ghcr.io` before `*.io`. What is not certain is not
 * admitted.
 *
 * @param host canonical, an IPv6 address without brackets.
 */
export function decideWholeRegistry(rules: WholeRegistries, host: string, port: number): WholeRegistry {
  const name = parseAddress(host) ?? parseHost(host);
  if (name === undefined) return { admitted: false, isKnown: false, place: imageSetting };
  const registry = isHostOfHub(name.text) ? hub : registryName(name, port);
  const isKnown = registry === hub || rules.said.has(registry) || rules.mirrors.has(registry);
  return { ...ofRules(rules, registry, name), isKnown };
}

function add(said: Map<string, SaidOfRegistry>, rule: ImageRule, place: string): void {
  const pattern = parseRepositoryPattern(rule.repository);
  if (pattern === undefined) return;
  const registry = registryOfPath(pattern.repository);
  const before = said.get(registry) ?? {};
  said.set(registry, before);
  // What is allowed for some versions is refused for the others.
  if (rule.action === 'deny' || rule.tags !== undefined || rule.digests !== undefined)
    before.partly ??= place;
  else if (pattern.below && pattern.repository === registry) before.whole ??= place;
}

function ofRules(
  rules: WholeRegistries,
  registry: string,
  host?: HostName,
): Pick<WholeRegistry, 'admitted' | 'place'> {
  // Threat: nobody pushes to a mirror, whose images are taken for its source's, and of a container's requests nobody sees which are pushes.
  if (rules.mirrors.has(registry)) return { admitted: false, place: `${imageSetting}.mirrors` };
  for (const each of patternsOf(registry)) {
    const { whole, partly } = rules.said.get(each) ?? {};
    if (partly !== undefined) return { admitted: false, place: partly };
    if (whole !== undefined) return { admitted: true, place: whole };
  }
  if (registry === hub && rules.hub !== undefined)
    return { admitted: rules.hub.official && rules.hub.community, place: `${imageSetting}.hub` };
  // Threat: an address that nobody has named is that of any registry, which knows by a name inside TLS which it is to be.
  const isNamed = host === undefined || host.kind === 'name';
  const admitted = rules.isOpen || (isNamed && rules.otherwise === 'allow');
  return { admitted, place: `${imageSetting}.default` };
}

/** The patterns that are for a registry, the nearest first. */
function* patternsOf(registry: string): Generator<string> {
  yield registry;
  // No address has what is below a domain: such patterns are names.
  for (const domain of domainsAbove(registry)) yield `*.${domain}`;
}

const registryOfPath = (path: string): string => path.split('/', 1)[0] ?? path;
