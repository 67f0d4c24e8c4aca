import { foldKey } from './engine-json.js';
import type { RequestBody } from './request-body.js';

/** Names of options, which Go reads as they are spelt. */
const ofTheBuffer = new Set(['mode', 'max-buffer-size']);

/**
 * POST /containers/create: a log is written as it comes, without the buffer of `--log-opt mode=non-blocking`. Threat: dockerd counts the bytes of
 * the lines in it, and not the lines (daemon/logger/ring.go, Docker 28.5). A container that writes empty lines, which are none, faster than
 * a file takes them makes dockerd grow by 100 MB/s, with `--restart always` at each start of the engine again; and the kernel ends
 * everybody's containers before it ends dockerd. The drivers that are served write files, so there is nobody the buffer would spare waiting for.
 */
export function dropLogBuffer(body: RequestBody): void {
  const log = entriesOf(body.hostConfig('LogConfig'));
  const at = log.findIndex(([key]) => foldKey(key) === 'config');
  const options = entriesOf(log[at]?.[1]);
  const kept = options.filter(([name]) => !ofTheBuffer.has(name));
  if (kept.length === options.length) return;
  const config = log.map(
    ([key, value], index) => [key, index === at ? Object.fromEntries(kept) : value] as const,
  );
  body.setHostConfig('LogConfig', Object.fromEntries(config));
}

/** Nothing, where it is no object: what to make of that is the engine's to say. */
function entriesOf(value: unknown): readonly (readonly [string, unknown])[] {
  return typeof value === 'object' && value !== null ? Object.entries(value) : [];
}
