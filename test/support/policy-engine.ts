import { mkdtemp, open, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'vitest';
import { makeAuthority } from '../../dist/egress/engine-traffic/index.js';
import { probe } from './docker.ts';
import { eventually } from './eventually.ts';
import type { EgressOptions } from '../../src/vm/native/index.ts';
import type { World } from './host-world.ts';
import { type OwnEngine, type OwnEngineOptions, startOwnEngine } from './own-engine.ts';
import { rootUnder } from './tested-root.ts';

/** An engine whose way out is decided by a policy, which the engine is given as well. */
export interface PolicyEngine extends AsyncDisposable, OwnEngine {
  /** What its gateway has said of what it refused. */
  readonly said: readonly string[];
  /** Waits for a last line of this form: the gateway's words come on another way than what the client sees. */
  readonly lastSaid: (wanted: RegExp) => Promise<void>;
  /** What a shell in a container says; every refusal is told at once, so nothing waits. */
  readonly inContainer: (script: string, flags?: readonly string[]) => Promise<string>;
}

export async function startPolicyEngine(
  name: string,
  world: World,
  policy: { readonly bulkhead?: object; readonly [key: string]: unknown },
  egress: Partial<EgressOptions> = {},
  options: Pick<OwnEngineOptions, 'root'> = {},
): Promise<PolicyEngine> {
  const said: string[] = [];
  const text = JSON.stringify({
    configurationFileVersion: 2,
    ...policy,
    bulkhead: { contact: 'it@example.com', ...policy.bulkhead },
  });
  // As `bulkhead engine` does.
  const isRead = ['registryAccess', 'imageAccess'].some((key) => Object.hasOwn(policy.bulkhead ?? {}, key));
  const dir = await mkdtemp(join(tmpdir(), 'bulkhead-policy-engine-'));
  await writeFile(join(dir, 'policy.json'), text);
  await using handle = await open(join(dir, 'policy.json'));
  await rm(dir, { recursive: true });
  const engine = await startOwnEngine(name, {
    ...(await rootUnder(policy)),
    ...options,
    policy: handle,
    ...(isRead ? { authority: makeAuthority() } : {}),
    egress: { ...egress, policy: text, nameServers: [world.nameServer], onLine: (line) => said.push(line) },
  });
  return {
    ...engine,
    said,
    lastSaid: async (wanted) =>
      eventually(async () => Promise.resolve(expect(said.at(-1)).toMatch(wanted)), 5000),
    async inContainer(script, flags = []) {
      const run = ['run', '--rm', ...flags, probe, 'timeout', '25', 'sh', '-c', script];
      return (await engine.docker.run(run)).stdout;
    },
  };
}
