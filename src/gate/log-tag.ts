import { BulkheadError } from '../common/errors/bulkhead-error.js';

/** Longer than any of use, and too short to repeat an environment variable of megabytes often. */
const longest = 512;

/** The fields Docker documents for `--log-opt tag` ("Customize log driver output"): each is short. */
const field = String.raw`\.(?:ID|FullID|Name|ContainerName|ImageID|ImageFullID|ImageName|DaemonName|Hostname)`;
const attribute = String.raw`\(\.ExtraAttributes nil\)\.\w+`;
const action = String.raw`\{\{-? *(?:${field}|${attribute})(?: *\| *(?:lower|upper|title))* *-?\}\}`;
const plain = new RegExp(String.raw`^(?:${action}|\{?[^{])*\{?$`, 'u');

/**
 * `--log-opt tag=…`. Threat: it is a program, a Go template that dockerd runs at each start of the container, with functions that make
 * text of any length (`{{pad .ID 60000000000 0}}`): dockerd runs out of memory and is killed. With a condition on the container's
 * name, which can be changed later, and `--restart always` that happens at each start of the engine, which then never comes up again.
 *
 * Throws `BH_GATE_LOG_TAG` unless every action is a field as Docker documents them.
 */
export function checkLogTag(tag: string): void {
  if (tag.length > longest || !plain.test(tag))
    throw new BulkheadError('BH_GATE_LOG_TAG', { tag: tag.slice(0, longest) });
}
