import { readFileSync, writeFileSync } from 'node:fs';
import { z } from 'zod';
import type { IsolationPolicy } from '../isolation/policy.js';
import { isJsonObject, type JsonObject } from '../policy/index.js';

const objectSchema = z.record(z.string(), z.unknown());

/**
 * The engine's configuration as the policy wants it. BuildKit grants `security.insecure` to nobody unless dockerd's file says so
 * (dockerd(8), `builder.entitlements`); `network.host` it grants by default. Neither opens anything by itself: what a step gets is for the rules.
 */
export function withEntitlements(
  config: Readonly<Record<string, unknown>>,
  { allowPrivileged, buildInsecure }: Pick<IsolationPolicy, 'allowPrivileged' | 'buildInsecure'>,
): Readonly<Record<string, unknown>> {
  if (!allowPrivileged || buildInsecure === 'refused') return config;
  const builder = objectSchema.parse(config['builder'] ?? {});
  const entitlements = objectSchema.parse(builder['entitlements'] ?? {});
  return { ...config, builder: { ...builder, entitlements: { ...entitlements, 'security-insecure': true } } };
}

/**
 * Writes the policy and the settings into the file dockerd reads, which PID 1 has copied to tmpfs.
 *
 * @param added options of dockerd (`settings-in-force.ts`); of an object it has already, members are added.
 * @returns whether it was different, so that a dockerd that runs already has to start anew. Throws what the file system says.
 */
export function configureEngine(path: string, policy: IsolationPolicy, added: JsonObject = {}): boolean {
  const before = readFileSync(path, 'utf8');
  const config = objectSchema.parse(JSON.parse(before));
  const wanted = withEntitlements(merged(config, added), policy);
  if (JSON.stringify(wanted) === JSON.stringify(config)) return false;
  writeFileSync(path, JSON.stringify(wanted));
  return true;
}

function merged(config: Readonly<Record<string, unknown>>, added: JsonObject): Record<string, unknown> {
  const result = { ...config };
  for (const [key, value] of Object.entries(added)) {
    const held = objectSchema.safeParse(result[key]);
    result[key] = held.success && isJsonObject(value) ? merged(held.data, value) : value;
  }
  return result;
}
