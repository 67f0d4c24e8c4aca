import { z } from 'zod';
import { hooksSchema } from './hooks.js';
import { parseJson, stringifyJson } from '../common/json.js';
import { linuxSchema } from './linux.js';
import { mountSchema } from './mounts.js';
import { processSchema } from './process.js';

/**
 * config.json of the OCI runtime specification 1.2 and 1.3, as dockerd, containerd and BuildKit write it for Linux.
 * Every object is strict: a field nobody has judged is refused, with its name, instead of reaching runc unseen.
 * `linux` and `root` are required here although the specification lets a runtime do without.
 */
const runtimeSpecSchema = z.strictObject({
  ociVersion: z.string(),
  process: processSchema.optional(),
  root: z.strictObject({ path: z.string(), readonly: z.boolean().optional() }),
  hostname: z.string().optional(),
  domainname: z.string().optional(),
  mounts: z.array(mountSchema).optional(),
  hooks: hooksSchema.optional(),
  annotations: z.record(z.string(), z.string()).optional(),
  linux: linuxSchema,
});

export type RuntimeSpec = z.infer<typeof runtimeSpecSchema>;

export type ParsedSpec =
  | { readonly ok: true; readonly spec: RuntimeSpec }
  | {
      readonly ok: false;
      /** Dotted path of the first offending field, such as `linux.resources.devices.3.colour`; `''` is the whole text. */
      readonly field: string;
      /** True when the field is not one of the specification's, false when its value is not of the right form. */
      readonly unknown: boolean;
      readonly problem: string;
    };

/**
 * Parses config.json. Never throws.
 *
 * The text itself is not kept: what the delegate reads is {@link serialiseRuntimeSpec} of this value. So a repeated key,
 * a key in other letter case (Go matches those, we refuse them) or invalid UTF-8 cannot mean one thing to the rules and
 * another to runc.
 */
export function parseRuntimeSpec(text: string): ParsedSpec {
  let value: unknown;
  try {
    value = parseJson(text);
  } catch (error) {
    return {
      ok: false,
      field: '',
      unknown: false,
      problem: error instanceof Error ? error.message : 'not JSON',
    };
  }
  const result = runtimeSpecSchema.safeParse(value);
  if (result.success) return { ok: true, spec: result.data };
  const [issue] = result.error.issues;
  if (issue?.code === 'unrecognized_keys') {
    const field = [...issue.path, issue.keys[0] ?? ''].map(String).join('.');
    return { ok: false, field, unknown: true, problem: 'unknown field' };
  }
  const field = (issue?.path ?? []).map(String).join('.');
  return { ok: false, field, unknown: false, problem: issue?.message ?? 'not a runtime specification' };
}

/** The config.json the delegate reads. */
export function serialiseRuntimeSpec(spec: RuntimeSpec): string {
  return stringifyJson(spec);
}
