import { messageOf } from '../common/cause.js';
import { isBulkheadError } from '../common/errors/bulkhead-error.js';
import type { ErrorCode } from '../common/errors/registry.js';
import type { PolicyStanding } from '../common/health.js';
import type { Logger } from '../common/log.js';
import type { IsolationPolicy } from '../isolation/policy.js';
import type { EffectiveSettings, Settings } from '../policy/index.js';
import { checkSharesAllowed } from './allowed-shares.js';
import type { DaemonArguments } from './arguments.js';
import { readSharedRoots } from './engine/engine-facts.js';
import { checkImageStore } from './image-store.js';
import type { PhaseSink } from './init/phase-sink.js';
import { LiveShares } from './live-shares.js';
import { policyGuard } from './policy-guard.js';
import { readPolicyInForce } from './policy-in-force.js';
import { readSettingsInForce } from './settings-in-force.js';
import { readSharedList, stillShared } from './shared-list.js';
import { type SignInRequirement, signInRequirement } from './sign-in/requirement.js';
import { readSealedRegistry } from './sign-in/sealed-registry.js';
import { checkWayOut } from './way-out.js';

/** What this engine goes by for as long as it lives. */
export interface InForce {
  readonly isolation: IsolationPolicy;
  /** Of the policy alone. */
  readonly settings: Settings;
  /** Of policy and user together: all a user may set. */
  readonly effective: EffectiveSettings;
  readonly standing: PolicyStanding;
  /** Who may use the engine; undefined where anybody may. */
  readonly members: SignInRequirement | undefined;
  readonly shares: LiveShares;
}

interface Told {
  readonly log: Logger;
  /** Told before the host is: a policy that somebody altered must leave a trace in the audit log. */
  readonly refused: (code: ErrorCode) => void;
}

type Documents = Pick<DaemonArguments, 'mode' | 'policyFd' | 'settingsFd' | 'registryFd' | 'sharesFd'>;

/**
 * Reads every document the engine was started with, before anything is served. What is not in order is told to the host, and throws: threat is an
 * engine that serves for a moment, or for good, without a rule.
 */
export function readInForce(args: Documents, phases: PhaseSink, { log, refused }: Told): InForce {
  const { isolation, settings, standing } = orFailure(phases, 'policy-refused', () => {
    try {
      return readPolicyInForce(args.policyFd, policyGuard(args.mode, log));
    } catch (error) {
      if (isBulkheadError(error)) refused(error.code);
      throw error;
    }
  });
  orFailure(phases, 'policy-refused', () => checkWayOut(args.mode, settings));
  orFailure(phases, 'policy-refused', () => checkImageStore(settings));
  const members = orFailure(phases, 'policy-refused', () =>
    signInRequirement(settings, readSealedRegistry(args.registryFd)),
  );
  const effective = orFailure(phases, 'engine-failed', () =>
    readSettingsInForce(args.policyFd === undefined ? undefined : settings, args.settingsFd),
  );
  const listed = args.sharesFd === undefined ? [] : readSharedList(args.sharesFd);
  const shared = args.mode === 'vm' ? stillShared(listed) : listed;
  const shares = orFailure(phases, 'engine-failed', () => {
    checkSharesAllowed(shared, settings);
    return new LiveShares(readSharedRoots(shared), settings);
  });
  phases.phase('policy-sealed');
  return { isolation, settings, effective, standing, members, shares };
}

/** Likewise of what fails before the engine could begin: told to the host, and thrown. */
export async function untilEngine<T>(phases: PhaseSink, work: Promise<T>): Promise<T> {
  return work.catch((error: unknown) => {
    phases.failure('engine-failed', messageOf(error));
    throw error;
  });
}

function orFailure<T>(phases: PhaseSink, failure: 'policy-refused' | 'engine-failed', read: () => T): T {
  try {
    return read();
  } catch (error) {
    phases.failure(failure, messageOf(error));
    throw error;
  }
}
