import { withHostConfig } from './host-config.js';

/** As the engine's configuration names it. */
const runtime = 'bulkhead';

/**
 * POST /containers/create: whatever runtime was asked for, the container gets the isolated one, and `docker inspect` says so.
 * Threat: a person who reads `runc` there believes that the container is not isolated, and so does a program that decides by it.
 * That no other runtime is ever started does not hang on this: every name leads to the front door.
 *
 * @returns the body as it is to be served, written anew.
 *
 * Throws `BH_GATE_BODY` for one that the engine might read otherwise.
 */
export function withIsolatedRuntime(text: string): string {
  return withHostConfig(text, { Runtime: runtime });
}
