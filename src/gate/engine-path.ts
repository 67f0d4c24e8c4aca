import { BulkheadError } from '../common/errors/bulkhead-error.js';

/** The path as the engine's router sees it: decoded once, without query and version. What is not in its plain form is refused. */
export function enginePath(target: string): string {
  const raw = /^(?:https?:\/\/[^/?#]*)?(\/[^?#]*)/.exec(target)?.[1];
  let path: string;
  try {
    path = decodeURIComponent(raw ?? '');
  } catch {
    path = '';
  }
  if (path === '' || /\/\/|\/\.{1,2}(\/|$)|\0/.test(path)) {
    throw new BulkheadError('BH_GATE_BODY', { reason: 'its path is not in the plain form' });
  }
  return withoutVersion(path);
}

/** What the engine's router looks for behind the version of the API. */
export function withoutVersion(path: string): string {
  return path.replace(/^\/v[0-9.]+(?=\/)/, '');
}
