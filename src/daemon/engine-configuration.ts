import { readFileSync, writeFileSync } from 'node:fs';
import { z } from 'zod';
import type { IsolationPolicy } from '../isolation/policy.js';

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
 * Writes the policy into the file dockerd reads, which PID 1 has copied to tmpfs.
 *
 * @returns whether it was different, so that a dockerd that runs already has to start anew. Throws what the file system says.
 */
export function configureEngine(path: string, policy: IsolationPolicy): boolean {
  const before = readFileSync(path, 'utf8');
  const config = objectSchema.parse(JSON.parse(before));
  const wanted = withEntitlements(config, policy);
  if (JSON.stringify(wanted) === JSON.stringify(config)) return false;
  writeFileSync(path, JSON.stringify(wanted));
  return true;
}
