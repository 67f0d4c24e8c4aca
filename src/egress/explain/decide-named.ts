import { type Authority, hostText, parseAuthority } from '../../common/authority.js';
import { hub } from '../../common/registry-name.js';
import type { CompiledRules } from '../compiled-rules.js';
import { decideImage } from '../image-access/decide-image.js';
import { mirroredNames } from '../image-access/mirrors.js';
import type { NamedImage } from '../names/canonical-image.js';
import { decideRegistry } from '../registry-access/decide-registry.js';
import type { Access, RegistryOperation } from '../registry-requests/operation.js';
import type { Verdict } from '../verdict.js';

/** What each kind of rule says of an image somebody has named; undefined where the policy has none of the kind. */
export interface NamedVerdicts {
  readonly registry: Verdict | undefined;
  readonly images: Verdict | undefined;
  /** Where it would be asked for. */
  readonly host: string;
  /** That host, where it is a mirror's and the registry itself is not open. */
  readonly mirror: string | undefined;
}

const hubRegistry = 'registry-1.docker.io';

/** The early answer, before any request is made: what leaves the engine is decided again, by what it is. */
export function decideNamed(rules: CompiledRules, image: NamedImage, operation: Access): NamedVerdicts {
  const asked = askedAt(image);
  const own = registryVerdict(rules, image, operation, asked);
  const mirror = own?.verdict === 'refuse' && operation === 'pull' ? openMirror(rules, image) : undefined;
  return {
    registry: mirror?.verdict ?? own,
    images:
      rules.images === undefined
        ? undefined
        : decideImage(rules.images, { image, access: operation, contact: rules.contact }),
    host: mirror?.host ?? textOf(asked),
    mirror: mirror?.host,
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

function textOf({ host, port }: Authority): string {
  return port === undefined || port === 443 ? hostText(host) : `${hostText(host)}:${port}`;
}
