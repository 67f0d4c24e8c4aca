import type { RequestBody } from './request-body.js';

/** As the engine's configuration names it. */
const runtime = 'bulkhead';

/**
 * POST /containers/create: whatever runtime was asked for, the container gets the isolated one, and `docker inspect` says so.
 * Threat: a person who reads `runc` there believes that the container is not isolated, and so does a program that decides by it.
 * That no other runtime is ever started does not hang on this: every name leads to the front door.
 */
export function isolateRuntime(body: RequestBody): void {
  body.setHostConfig('Runtime', runtime);
}
