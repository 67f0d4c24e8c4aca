import { z } from 'zod';
import { egressClientSchema, longestClientLine } from '../../common/egress-clients.js';
import { learntSchema } from '../../common/pulled-image.js';
import {
  addressFamilies,
  type AddressFamily,
  type HostLoopback,
  hostLoopbacks,
} from '../connect-access/index.js';
import { type Proxies, proxiesOf } from '../containers-proxy/index.js';
import {
  currentPublishers,
  largestPolicy,
  type Publishers,
  publishersAt,
  readPublisherList,
  readSettings,
  type Settings,
  soundPolicy,
} from '../../policy/index.js';

/** As settings have them. */
const proxies = z
  .strictObject({ http: z.string(), https: z.string(), exclude: z.string() })
  .partial()
  .default({});

/** The first line a gateway reads; all others are what bulkheadd says (`readWord`). */
export const gatewaySetupSchema = z.strictObject({
  kind: z.literal('setup'),
  /** The policy as it was read, and not its file: that can be another one by now. */
  policy: z.string().optional(),
  /** The list of verified publishers, which its starter has judged; without one nobody is. */
  publishers: z.string().optional(),
  /** By whose key the engine's connections are ended, where a policy asks for that; PKCS #8, PEM. */
  authority: z.string().optional(),
  /** What the engine is told to take without a certificate (`insecure-registries`). */
  insecureRegistries: z.array(z.string()).default([]),
  /** Where certificates of registries are; as Docker has them where absent. */
  certificates: z.string().optional(),
  /** Whether the loopback of this machine may be reached, as its starter found by the settings. */
  hostLoopback: z.enum(hostLoopbacks).default('closed'),
  /** The addresses names are without, as its starter found by the settings (`dnsInhibition`). */
  namesWithout: z.enum(addressFamilies).optional(),
  /** The host's own proxies, by the names they have in settings. */
  system: proxies,
  /** Those the engine is to have (`proxy`), whose connections end here: it is not given them itself. */
  engineProxy: proxies,
});
export type GatewaySetup = z.input<typeof gatewaySetupSchema>;

/** UTF-16 units. Each quote and line feed of a document is two here, and there is something beside. */
export const longestGatewayLine = Math.max(4 * largestPolicy + 64 * 1024, longestClientLine);

/** What comes in force, with no settings where there is no policy. Throws where it is not in order. */
export function readSetup(line: string): {
  readonly settings: Settings | undefined;
  readonly system: Proxies;
  readonly engineProxy: Proxies;
  readonly authority: string | undefined;
  readonly insecureRegistries: readonly string[];
  readonly certificates: string | undefined;
  readonly publishers: Publishers;
  readonly hostLoopback: HostLoopback;
  readonly namesWithout: AddressFamily | undefined;
} {
  const { policy, system, engineProxy, publishers, ...told } = gatewaySetupSchema.parse(JSON.parse(line));
  const settings =
    policy === undefined ? undefined : soundPolicy(readSettings(Buffer.from(policy), 'the policy')).settings;
  return {
    settings,
    system: proxiesOf(system),
    engineProxy: proxiesOf(engineProxy),
    authority: told.authority,
    insecureRegistries: told.insecureRegistries,
    certificates: told.certificates,
    hostLoopback: told.hostLoopback,
    namesWithout: told.namesWithout,
    publishers: publishers === undefined ? publishersAt(undefined, Date.now()) : publishersIn(publishers),
  };
}

function publishersIn(text: string): Publishers {
  const read = readPublisherList(Buffer.from(text), 'the list of publishers');
  if (read.problems !== undefined) throw read.problems[0];
  return currentPublishers(read.value, Date.now);
}

/** What bulkheadd says: who has which address, and what it has learnt of what it was told. */
const wordSchema = z.discriminatedUnion('kind', [egressClientSchema, learntSchema]);

/** Throws where it is not in order. */
export function readWord(line: string): z.infer<typeof wordSchema> {
  return wordSchema.parse(JSON.parse(line));
}
