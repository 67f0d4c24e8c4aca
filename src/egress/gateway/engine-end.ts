import type { Publishers, Settings } from '../../policy/index.js';
import { compileRules } from '../compiled-rules.js';
import { connectPolicyOf, type HostLoopback } from '../connect-access/index.js';
import {
  BootAuthority,
  type DialFacts,
  dialRegistry,
  type EngineDecision,
  EngineTraffic,
  insecureRegistries,
  type Pulled,
  registryContext,
} from '../engine-traffic/index.js';
import { AdmittedContents } from '../image-access/known-contents.js';
import { machineAddresses } from './machine-addresses.js';

export interface EngineEndOptions {
  readonly publishers: Publishers;
  readonly facts: DialFacts;
  readonly hostLoopback: HostLoopback;
  /** PKCS #8, PEM. */
  readonly authority: string;
  /** What the engine is told to take without a certificate. */
  readonly insecure: readonly string[];
  /** Where certificates of registries are, as Docker has them. */
  readonly certificates: string | undefined;
  readonly pulled: Pulled;
  readonly onDecision: (decision: EngineDecision) => void;
}

/** Where the engine's own connections end, by the rules of a policy. */
export function engineEnd(settings: Settings, options: EngineEndOptions): EngineTraffic {
  const { publishers, facts, hostLoopback, authority, insecure, certificates, pulled, onDecision } = options;
  const rules = compileRules(settings, publishers);
  const policy = { ...connectPolicyOf(settings, hostLoopback), isOwn: machineAddresses() };
  return new EngineTraffic({
    authority: new BootAuthority({ privateKey: authority }),
    rules: () => rules,
    known: new AdmittedContents(),
    pulled,
    onDecision,
    reach: {
      dial: (place, signal) => dialRegistry(policy, facts, place, signal),
      contextFor: (place) => registryContext(place, certificates),
      isInsecure: insecureRegistries(insecure),
    },
  });
}
