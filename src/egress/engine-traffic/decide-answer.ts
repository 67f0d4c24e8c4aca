import { parseHost } from '../../common/authority.js';
import { BulkheadError } from '../../common/errors/bulkhead-error.js';
import type { CompiledRules } from '../compiled-rules.js';
import { decideRegistry } from '../registry-access/decide-registry.js';
import type { RegistryOperation } from '../registry-requests/operation.js';
import { readRequest } from '../registry-requests/read-request.js';
import type { Refusal } from '../verdict.js';
import { type Place, placeText, samePlace } from './place.js';

/** What of an answer leads on. */
export interface Leads {
  readonly status: number;
  readonly location: string | undefined;
  readonly challenge: string | undefined;
}

/**
 * Whether a client may follow where an answer leads it: a redirect, the address of an upload, the server of tokens. It would be refused there as well; here the text names
 * both hosts. Undefined where nothing is wrong.
 */
export function decideAnswer(
  rules: CompiledRules,
  place: Place,
  operation: RegistryOperation,
  { status, location, challenge }: Leads,
): Refusal | undefined {
  if (status === 401 && challenge !== undefined)
    for (const realm of realmsOf(challenge)) {
      const refusal = decideLead(rules, place, realm, { kind: 'token', scopes: [] });
      if (refusal !== undefined) return refusal;
    }
  if (location === undefined || status < 201 || status > 399) return undefined;
  const access = 'access' in operation ? operation.access : 'pull';
  if (operation.kind === 'manifest' && access === 'pull' && rules.images !== undefined && status >= 300)
    return decideMovedManifest(rules, place, location);
  return decideLead(rules, place, location, { kind: 'other', access });
}

/** Threat: what comes from elsewhere is no manifest to us, and would be held against no digest. */
function decideMovedManifest(rules: CompiledRules, place: Place, location: string): Refusal | undefined {
  const url = urlOf(location, place);
  const target = url === undefined ? undefined : placeOf(url);
  if (url === undefined || target === undefined || !samePlace(target, place))
    return refused(
      rules,
      place,
      'it sends for a manifest elsewhere, where nobody could hold it against the rules for images',
    );
  const read = readRequest({ method: 'GET', target: `${url.pathname}${url.search}`, host: placeText(place) });
  if (read.kind === 'understood' && read.operation.kind === 'manifest') return undefined;
  return refused(rules, place, 'it sends for a manifest to where there are none');
}

function decideLead(
  rules: CompiledRules,
  place: Place,
  text: string,
  operation: RegistryOperation,
): Refusal | undefined {
  const url = urlOf(text, place);
  const target = url === undefined ? undefined : placeOf(url);
  if (url === undefined || target === undefined || url.username !== '' || url.password !== '')
    return refused(rules, place, 'it leads to what is no address of HTTP');
  if (samePlace(target, place)) return undefined;
  // Threat: a registry makes the engine ask its own machine, and send it a password.
  if (isOwn(target) && !isOwn(place))
    return refused(rules, place, `it leads to ${placeText(target)}, which is the engine itself`);
  const { registries, contact } = rules;
  if (registries === undefined) return undefined;
  const verdict = decideRegistry(registries, { ...target, operation }, contact);
  if (verdict.verdict === 'permit') return undefined;
  const { code, params } = verdict.error;
  const reason = `${params['reason'] ?? ''}, and ${placeText(place)} leads there`;
  return { verdict: 'refuse', error: new BulkheadError(code, { ...params, reason }) };
}

function refused({ contact }: CompiledRules, place: Place, reason: string): Refusal {
  const params = { host: placeText(place), reason, contact };
  return { verdict: 'refuse', error: new BulkheadError('BH_REGISTRY_ANSWER', params) };
}

/**
 * Threat: a challenge in which the engine finds another realm than is read here: with a backslash, which stands for the character behind it, or behind the word inside another value. So wherever
 * the word stands, what follows counts.
 */
const realm = /\brealm\s*=\s*(?="((?:[^"\\]|\\.)*)"|([^\s",]+))/gis;

/** Realms of `Bearer` (RFC 6750, and the distribution's token specification). Others are no addresses. */
function realmsOf(challenge: string): string[] {
  if (!/\bbearer\s/i.test(challenge)) return [];
  return [...challenge.matchAll(realm)].flatMap(([, quoted, plain]) => {
    const text = quoted?.replaceAll(/\\(.)/gs, '$1') ?? plain ?? '';
    return /^https?:/i.test(text) ? [text] : [];
  });
}

function urlOf(text: string, { scheme, ...rest }: Place): URL | undefined {
  const base = `${scheme}://${placeText({ scheme, ...rest })}/`;
  return URL.canParse(text, base) ? new URL(text, base) : undefined;
}

function placeOf(url: URL): Place | undefined {
  const scheme = url.protocol === 'https:' ? 'https' : url.protocol === 'http:' ? 'http' : undefined;
  const host = parseHost(url.hostname);
  if (scheme === undefined || host === undefined) return undefined;
  return { scheme, host, port: url.port === '' ? (scheme === 'https' ? 443 : 80) : Number(url.port) };
}

function isOwn({ host: { kind, text } }: Place): boolean {
  if (kind === 'name') return text === 'localhost' || text.endsWith('.localhost');
  return kind === 'ipv4' ? /^(?:127|0)\./.test(text) : text === '::1' || text === '::';
}
