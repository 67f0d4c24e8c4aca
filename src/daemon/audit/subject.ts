import type { AuditCaller } from '../../common/audit-event.js';
import { printable } from '../../common/printable.js';

/** What a request is about. */
export interface Subject {
  readonly container?: string;
  readonly image?: string;
}

/** Characters: the longest path or name that is nobody's mistake. */
const longest = 256;

/** Somebody else's text as the log holds it: nothing in it acts on a terminal, and it is of a bounded length. */
export function logged(text: string): string {
  const short = text.length > longest ? `${text.slice(0, longest)}…` : text;
  return printable(short);
}

const ofContainer = /^\/containers\/(?!(?:create|json|prune)$)([^/]+)(?:\/|$)/;
const ofImage =
  /^\/(?:images\/(?!(?:create|json|load|prune|search|get)$)(.+?)(?:\/(?:json|history|push|tag|get|attestations))?|distribution\/(.+)\/json)$/;

/**
 * The container or image a request names, as it names it. Pure. Of a query only parameters that are names are taken: others may hold
 * secrets (`remote` with a password, `buildargs`), and so may bodies and headers, which are not looked at here at all.
 *
 * @param path decoded, without version.
 */
export function subjectOf(path: string, query: string | undefined): Subject {
  const container = ofContainer.exec(path)?.[1];
  if (container !== undefined) return { container: logged(container) };
  const [, local, remote] = ofImage.exec(path) ?? [];
  const named = local ?? remote ?? imageInQuery(path, new URLSearchParams(query ?? ''));
  const made = path === '/containers/create' ? new URLSearchParams(query ?? '').get('name') : null;
  return {
    ...(made === null || made === '' ? {} : { container: logged(made) }),
    ...(named === undefined ? {} : { image: logged(named) }),
  };
}

function imageInQuery(path: string, query: URLSearchParams): string | undefined {
  switch (path) {
    case '/images/create':
      return joined(query.get('fromImage') ?? query.get('repo'), query.get('tag'));
    case '/build':
      return query.get('t') ?? undefined;
    case '/commit':
      return joined(query.get('repo'), query.get('tag'));
    default:
      return undefined;
  }
}

function joined(name: string | null, tag: string | null): string | undefined {
  if (name === null || name === '') return undefined;
  return tag === null || tag === '' ? name : `${name}${tag.includes(':') ? '@' : ':'}${tag}`;
}

/** Who a developer is: the subject of whoever is signed in, undefined while nobody is. */
export function developerCalled(subject: string | undefined): AuditCaller {
  return subject === undefined ? { kind: 'developer' } : { kind: 'user', subject: logged(subject) };
}
