import { BulkheadError } from '../common/errors/bulkhead-error.js';
import { withIsolatedRuntime } from './isolated-runtime.js';
import { withoutLogBuffer } from './log-buffer.js';
import { withOwnShim } from './own-shim.js';
import { type ContainerIds, withJoinedId } from './joined-network.js';

/** Bytes of a body that is read whole; what dockerd hands on to the second line of the gate, too. */
export const longestBody = 4 << 20;

const rewrites: readonly {
  readonly method: string;
  readonly path: RegExp;
  readonly rewrite: (text: string, idOf: ContainerIds) => Promise<string>;
}[] = [{ method: 'POST', path: /^\/containers\/create$/, rewrite: createAnew }];

/**
 * How the body of a request is written anew; `undefined` where it is passed on as content. What is given throws a
 * `BH_GATE_…` refusal.
 *
 * @param path without version.
 */
export function bodyRewriteOf(
  method: string,
  path: string,
): ((body: Buffer, idOf: ContainerIds) => Promise<Buffer>) | undefined {
  const found = rewrites.find((entry) => entry.method === method && entry.path.test(path));
  if (found === undefined) return undefined;
  return async (body, idOf) => Buffer.from(await found.rewrite(textOf(body), idOf));
}

async function createAnew(text: string, idOf: ContainerIds): Promise<string> {
  return withIsolatedRuntime(withOwnShim(withoutLogBuffer(await withJoinedId(text, idOf))));
}

/** Throws `BH_GATE_BODY`: what stands in for bytes that are no text differs from reader to reader. */
function textOf(body: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(body);
  } catch (cause) {
    throw new BulkheadError('BH_GATE_BODY', { reason: 'its body is not UTF-8' }, { cause });
  }
}
