import type { Authority } from '../../common/authority.js';
import { fullPath } from '../../common/registry-name.js';
import { type CanonicalImage, repositoryName } from '../names/canonical-image.js';
import { registryOfTokens } from '../registry-access/hub.js';
import type { Access, RegistryOperation } from '../registry-requests/operation.js';
import type { Verdict } from '../verdict.js';
import { decideImage, type KnownContents } from './decide-image.js';
import { type ImageRules, imageSetting } from './image-rules.js';

/** A request, and the host it is for. */
export interface OperationQuestion {
  readonly authority: Authority;
  readonly operation: RegistryOperation;
  readonly contact: string;
  readonly known?: KnownContents;
}

/** Whether the rules admit what a request does: every repository it names is decided, by each of the names it may be meant by. */
export function decideOperation(rules: ImageRules, question: OperationQuestion): Verdict {
  const { contact } = question;
  const decide = ({ image, access, known = question.known }: Named): Verdict =>
    decideImage(rules, { image, access, contact, ...(known === undefined ? {} : { known }) });
  return imagesOf(question).map(decide).reduce<Verdict>(both, { verdict: 'permit', place: imageSetting });
}

interface Named {
  readonly image: CanonicalImage;
  readonly access: Access;
  /** Where that is not what is known of all repositories. */
  readonly known?: KnownContents;
}

function imagesOf({ authority, operation, known }: OperationQuestion): Named[] {
  switch (operation.kind) {
    case 'ping':
    case 'catalog':
    case 'other':
      return [];
    case 'token': {
      const server = {
        ...authority,
        host: { ...authority.host, text: registryOfTokens(authority.host.text) },
      };
      return operation.scopes.map(({ path, access }) => ({
        image: { repository: repositoryName(server, path) },
        access,
      }));
    }
    case 'upload': {
      const { path, from, access } = operation;
      const target: Named = { image: { repository: repositoryName(authority, path) }, access };
      if (from === undefined) return [target];
      const source = { repository: repositoryName(authority, from.path), digest: from.digest };
      return [target, { image: source, access: 'pull' }];
    }
    case 'manifest':
    case 'blob':
    case 'tags':
    case 'referrers': {
      const { path, mirrored, access } = operation;
      const version = versionOf(operation);
      const own: Named = { image: { repository: repositoryName(authority, path), ...version }, access };
      if (mirrored === undefined) return [own];
      const source = { repository: `${mirrored}/${fullPath(mirrored, path)}`, ...version };
      // What is asked of a mirror is a part of what this mirror has said.
      const parts = { has: (_: string, digest: string) => known?.has(own.image.repository, digest) === true };
      return [own, { image: source, access, known: parts }];
    }
  }
}

/** Of referrers the digest is whose they are, not theirs. */
function versionOf(operation: RegistryOperation): Pick<CanonicalImage, 'tag' | 'digest'> {
  if (operation.kind === 'manifest') return operation.reference;
  return operation.kind === 'blob' ? { digest: operation.digest } : {};
}

/** What two answers leave. */
function both(first: Verdict, second: Verdict): Verdict {
  if (first.verdict === 'refuse') return first;
  if (second.verdict === 'refuse') return second;
  const [a, b] = [first.digests, second.digests];
  const digests =
    a === undefined || b === undefined ? (a ?? b) : new Set([...a].filter((digest) => b.has(digest)));
  const denied = new Map([...(second.deniedDigests ?? []), ...(first.deniedDigests ?? [])]);
  return {
    ...second,
    ...(digests === undefined ? {} : { digests }),
    ...(denied.size === 0 ? {} : { deniedDigests: denied }),
  };
}
