import type { ErrorCode } from '../../common/errors/registry.js';

/**
 * What is not 403. An endpoint that is not known is answered as dockerd answers one it does not have, so that a client which tries
 * what an engine can do goes on with what it can (`docker` and testcontainers do), and one of a newer API as dockerd does, too.
 */
const statuses: Partial<Record<ErrorCode, string>> = {
  BH_GATE_API_VERSION: '400 Bad Request',
  BH_GATE_BUSY: '503 Service Unavailable',
  BH_GATE_CONTAINER_UNKNOWN: '404 Not Found',
  BH_GATE_HTTP: '400 Bad Request',
  BH_GATE_NO_IMAGE: '404 Not Found',
  BH_GATE_UNKNOWN_ENDPOINT: '404 Not Found',
  /* As Docker Desktop answers until a member is signed in. */
  BH_SIGN_IN_REQUIRED: '407 Proxy Authentication Required',
};

/** The HTTP status, with its phrase, of the answer to a request that was refused for this. */
export function refusalStatus(code: ErrorCode): string {
  return statuses[code] ?? '403 Forbidden';
}
