import type { AuditQuery } from '../common/audit-event.js';
import type { LogQuery } from './channel.js';

export type Route =
  | { readonly name: 'engine' }
  | { readonly name: 'status' }
  | { readonly name: 'explain' }
  | { readonly name: 'sign-in' }
  | { readonly name: 'sign-out' }
  | { readonly name: 'shares' }
  | { readonly name: 'logs'; readonly query: LogQuery }
  | { readonly name: 'audit'; readonly query: AuditQuery }
  | { readonly name: 'trim' }
  | { readonly name: 'ports' }
  | { readonly name: 'ssh-agent' }
  | { readonly name: 'egress' }
  | { readonly name: 'egress-relay' }
  | { readonly name: 'power-off' };

/** HTTP status of a request that is not served. */
export interface Rejection {
  readonly status: 400 | 404 | 405;
}

const methods: ReadonlyMap<string, string> = new Map([
  ['/engine', 'POST'],
  ['/status', 'GET'],
  ['/explain', 'POST'],
  ['/sign-in', 'POST'],
  ['/sign-out', 'POST'],
  ['/shares', 'POST'],
  ['/logs', 'GET'],
  ['/audit', 'GET'],
  ['/trim', 'POST'],
  ['/ports', 'POST'],
  ['/ssh-agent', 'POST'],
  ['/egress', 'POST'],
  ['/egress-relay', 'POST'],
  ['/power-off', 'POST'],
]);

const serviceName = /^[a-z][a-z0-9-]{0,63}$/;

/** Decides what a request asks for. Anything not known exactly, query parameters included, is rejected. */
export function parseRoute(method: string, target: string): Route | Rejection {
  const mark = target.indexOf('?');
  const path = mark === -1 ? target : target.slice(0, mark);
  const expected = methods.get(path);
  if (expected === undefined) return { status: 404 };
  if (method !== expected) return { status: 405 };
  if (path === '/logs') {
    const query = parseLogQuery(mark === -1 ? '' : target.slice(mark + 1));
    return query === undefined ? { status: 400 } : { name: 'logs', query };
  }
  if (path === '/audit') {
    const query = parseAuditQuery(mark === -1 ? '' : target.slice(mark + 1));
    return query === undefined ? { status: 400 } : { name: 'audit', query };
  }
  if (mark !== -1) return { status: 400 };
  switch (path) {
    case '/engine':
      return { name: 'engine' };
    case '/explain':
      return { name: 'explain' };
    case '/sign-in':
      return { name: 'sign-in' };
    case '/sign-out':
      return { name: 'sign-out' };
    case '/shares':
      return { name: 'shares' };
    case '/status':
      return { name: 'status' };
    case '/trim':
      return { name: 'trim' };
    case '/ports':
      return { name: 'ports' };
    case '/ssh-agent':
      return { name: 'ssh-agent' };
    case '/egress':
      return { name: 'egress' };
    case '/egress-relay':
      return { name: 'egress-relay' };
    case '/power-off':
      return { name: 'power-off' };
    default:
      return { status: 404 };
  }
}

/** The parameters of a query; undefined when one is given twice, or is none of `names`. */
function parametersOf(text: string, names: readonly string[]): ReadonlyMap<string, string> | undefined {
  const seen = new Map<string, string>();
  for (const [key, value] of new URLSearchParams(text)) {
    if (seen.has(key) || !names.includes(key)) return undefined;
    seen.set(key, value);
  }
  return seen;
}

function parseAuditQuery(text: string): AuditQuery | undefined {
  const seen = parametersOf(text, ['follow', 'since']);
  const follow = seen?.get('follow');
  const since = seen?.get('since');
  if (seen === undefined || (follow !== undefined && follow !== '1')) return undefined;
  if (since !== undefined && !isInstant(since)) return undefined;
  return { ...(follow === undefined ? {} : { follow: true }), ...(since === undefined ? {} : { since }) };
}

/** The form in which the log has its times, so that they compare as texts. */
function isInstant(text: string): boolean {
  return /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/.test(text);
}

function parseLogQuery(text: string): LogQuery | undefined {
  const seen = parametersOf(text, ['service', 'follow']);
  if (seen === undefined) return undefined;
  const service = seen.get('service');
  const follow = seen.get('follow');
  if (service !== undefined && !serviceName.test(service)) return undefined;
  if (follow !== undefined && follow !== '1') return undefined;
  return { ...(service === undefined ? {} : { service }), ...(follow === undefined ? {} : { follow: true }) };
}

/** The request target for a query; the inverse of `parseRoute`. */
export function logTarget(query: LogQuery): string {
  const parameters = new URLSearchParams();
  if (query.service !== undefined) parameters.set('service', query.service);
  if (query.follow === true) parameters.set('follow', '1');
  const text = parameters.toString();
  return text === '' ? '/logs' : `/logs?${text}`;
}

/** Likewise. */
export function auditTarget(query: AuditQuery): string {
  const parameters = new URLSearchParams();
  if (query.follow === true) parameters.set('follow', '1');
  if (query.since !== undefined) parameters.set('since', query.since);
  const text = parameters.toString();
  return text === '' ? '/audit' : `/audit?${text}`;
}
