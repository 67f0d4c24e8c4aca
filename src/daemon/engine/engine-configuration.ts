import { execFile } from 'node:child_process';
import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { promisify } from 'node:util';
import { z } from 'zod';
import { messageOf } from '../../common/cause.js';
import { BulkheadError } from '../../common/errors/bulkhead-error.js';
import { printable } from '../../common/printable.js';
import type { IsolationPolicy } from '../../isolation/policy.js';
import { isJsonObject, type JsonObject } from '../../policy/index.js';

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

/** What is put into the engine's configuration, and who is asked before it is. */
export interface EngineConfiguration {
  readonly policy: IsolationPolicy;
  /** Options of dockerd (`settings-in-force.ts`); of an object it has already, members are added. */
  readonly added: JsonObject;
  /** Rejects where dockerd would not start with the file. */
  readonly check: (file: string) => Promise<void>;
}

/**
 * Writes the policy and the settings into the file dockerd reads, which PID 1 has copied to tmpfs: whole, and only what dockerd takes.
 *
 * @returns whether it was different, so that a dockerd that runs already has to start anew. Throws what `check` throws and what the file system says; the
 * file is then what it was.
 */
export async function configureEngine(
  path: string,
  { policy, added, check }: EngineConfiguration,
): Promise<boolean> {
  const before = readFileSync(path, 'utf8');
  const config = objectSchema.parse(JSON.parse(before));
  const wanted = withEntitlements(merged(config, added), policy);
  if (JSON.stringify(wanted) === JSON.stringify(config)) return false;
  const draft = `${path}.new`;
  writeFileSync(draft, JSON.stringify(wanted));
  try {
    await check(draft);
    renameSync(draft, path);
  } catch (error) {
    rmSync(draft);
    throw error;
  }
  return true;
}

const run = promisify(execFile);
/** On TCG dockerd takes seconds to begin. */
const validationDeadlineMs = 60_000;

/**
 * Asks dockerd itself whether it would start with a file. Threat: an option in a form that is taken here and not there, with which the engine would be ended and
 * started again for ever, and nobody told why.
 *
 * @throws BH_ENGINE_OPTIONS with what it says.
 */
export async function askDockerd(program: string, file: string): Promise<void> {
  try {
    await run(program, ['--validate', '--config-file', file], { timeout: validationDeadlineMs });
  } catch (cause) {
    const said = saidSchema.safeParse(cause).data?.stderr.trim().split('\n').at(-1);
    throw new BulkheadError('BH_ENGINE_OPTIONS', { reason: printable(said || messageOf(cause)) }, { cause });
  }
}

const saidSchema = z.looseObject({ stderr: z.string() });

function merged(config: Readonly<Record<string, unknown>>, added: JsonObject): Record<string, unknown> {
  const result = { ...config };
  for (const [key, value] of Object.entries(added)) {
    const held = objectSchema.safeParse(result[key]);
    result[key] = held.success && isJsonObject(value) ? merged(held.data, value) : value;
  }
  return result;
}
