import { z } from 'zod';
import { messageOf } from '../common/cause.js';
import { engineOptionShapes, strippedOptions } from './engine-option-shapes.js';
import { isJsonObject, type JsonObject, type JsonValue } from './json-value.js';
import { parseLocatedJson } from './located-json.js';

/** Objects of dockerd's configuration of which each member is judged for itself. */
const groups = new Set(['builder', 'features']);

/** An option that does not reach the engine. */
export interface StrippedOption {
  /** As `runtimes` or `builder.entitlements`. */
  readonly key: string;
  /** What it decides in the engine. */
  readonly reason: string;
}

export interface EngineOptions {
  /** In the form of dockerd's configuration file. */
  readonly kept: JsonObject;
  readonly stripped: readonly StrippedOption[];
}

/**
 * What of `dockerDaemonOptions` reaches the engine. Threat: dockerd's configuration can switch off everything else here (another runtime,
 * a TCP port, no authorization plug-in). Names count as dockerd reads them, to the letter; what is no option of its would stop its start.
 */
export function engineOptionsOf(options: JsonObject): EngineOptions {
  const stripped: StrippedOption[] = [];
  const keep = (members: JsonObject, prefix: string): [string, JsonValue][] =>
    Object.entries(members).flatMap(([name, value]): [string, JsonValue][] => {
      const key = `${prefix}${name}`;
      if (prefix === '' && groups.has(name) && isJsonObject(value)) {
        const inner = keep(value, `${name}.`);
        return inner.length === 0 ? [] : [[name, Object.fromEntries(inner)]];
      }
      // A dot in dockerd's own name would be an option it does not know: it would not start.
      if (!name.includes('.') && Object.hasOwn(engineOptionShapes, key)) return [[name, value]];
      stripped.push({ key, reason: reasonOf(key) });
      return [];
    });
  return { kept: Object.fromEntries(keep(options, '')), stripped };
}

function reasonOf(key: string): string {
  return Object.hasOwn(strippedOptions, key)
    ? (strippedOptions[key] ?? '')
    : 'not an option that Bulkhead knows';
}

/**
 * A setting whose value is the engine's configuration, as JSON in a string. What is kept of it must be in the form dockerd takes, or it
 * would not start; an option of a wrong form is an error of the whole, with its name.
 */
export const engineOptionsText = z.string().transform((text, context): JsonObject => {
  const fail = (reason: string): never => {
    context.addIssue({ code: 'custom', message: reason });
    return z.NEVER;
  };
  let value: JsonValue;
  try {
    ({ value } = parseLocatedJson(text));
  } catch (error) {
    return fail(`not a JSON object in a string: ${messageOf(error)}`);
  }
  if (!isJsonObject(value)) return fail('not a JSON object in a string');
  for (const [key, shape] of Object.entries(engineOptionShapes)) {
    const found = optionAt(value, key);
    const issue = found === undefined ? undefined : shape.safeParse(found).error?.issues[0];
    if (issue !== undefined) return fail(`${[key, ...issue.path].join('.')}: ${issue.message}`);
  }
  return value;
});

function optionAt(options: JsonObject, key: string): JsonValue | undefined {
  const [group = '', name] = key.split('.');
  const held = Object.hasOwn(options, group) ? options[group] : undefined;
  if (name === undefined || !isJsonObject(held)) return name === undefined ? held : undefined;
  return Object.hasOwn(held, name) ? held[name] : undefined;
}
