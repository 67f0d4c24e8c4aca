import { z } from 'zod';
import { type EgressClient, egressClientSchema, longestClientLine } from '../../common/egress-clients.js';
import { type Proxies, proxiesOf } from '../containers-proxy/index.js';
import { readSettings, type Settings, soundPolicy } from '../../policy/index.js';

/** The first line a gateway reads; all others are of `src/common/egress-clients.ts`. */
export const gatewaySetupSchema = z.strictObject({
  kind: z.literal('setup'),
  /** The policy as it was read, and not its file: that can be another one by now. */
  policy: z.string().optional(),
  /** The host's own proxies, by the names they have in settings. */
  system: z.strictObject({ http: z.string(), https: z.string(), exclude: z.string() }).partial().default({}),
});
export type GatewaySetup = z.input<typeof gatewaySetupSchema>;

/** UTF-16 units. A policy has a mebibyte, and each of its quotes and line feeds is two here. */
export const longestGatewayLine = Math.max(4 * 1024 * 1024, longestClientLine);

/** What comes in force, with no settings where there is no policy. Throws where it is not in order. */
export function readSetup(line: string): {
  readonly settings: Settings | undefined;
  readonly system: Proxies;
} {
  const { policy, system } = gatewaySetupSchema.parse(JSON.parse(line));
  const settings =
    policy === undefined ? undefined : soundPolicy(readSettings(Buffer.from(policy), 'the policy')).settings;
  return { settings, system: proxiesOf(system) };
}

/** Throws where it is not in order. */
export function readClient(line: string): EgressClient {
  return egressClientSchema.parse(JSON.parse(line));
}
