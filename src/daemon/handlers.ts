import type { Duplex } from 'node:stream';
import type { ChannelHandlers } from '../channel/index.js';
import { BulkheadError } from '../common/errors/bulkhead-error.js';
import { toWire } from '../common/errors/wire-error.js';
import type { Health } from '../common/health.js';
import type { ShareChanged } from '../common/share-change.js';
import type { SignInAnswer } from '../common/sign-in.js';
import type { AuditLog } from './audit/index.js';
import { signInDecision } from './audit/sign-in-audit.js';
import type { LiveShares } from './live-shares.js';
import type { Journal } from './journal/journal.js';
import { answerSignIn, answerSignOut } from './sign-in/answer-sign-in.js';
import type { SignIn } from './sign-in/sign-in.js';
import type { Trimmed } from './trim-disk.js';

export interface HandlerSources {
  /** Serves a developer's connection to the engine. */
  readonly engine: (stream: Duplex) => void;
  readonly health: () => Promise<Health>;
  readonly explain: (question: unknown) => Promise<unknown>;
  readonly signIn: SignIn | undefined;
  readonly journal: Journal;
  /** Absent where what is shared stays as it was at the start. */
  readonly shares: Pick<LiveShares, 'change'> | undefined;
  /** Absent where the data disk is not the VM's own. */
  readonly trim: (() => Promise<Trimmed>) | undefined;
  /** Absent where published ports are those of the machine itself. */
  readonly ports: ((stream: Duplex) => void) | undefined;
  /** Absent where containers have no ssh agent of a host, or have it without the channel. */
  readonly sshAgent: ((stream: Duplex) => void) | undefined;
  /** Says who has which address. */
  readonly egress: (stream: Duplex) => void;
  /** Joins with the relay of the way out; absent where the host has it. */
  readonly egressRelay: ((stream: Duplex) => void) | undefined;
  readonly powerOff: () => Promise<void>;
  readonly audit: Pick<AuditLog, 'read' | 'record'>;
}

/** What the control channel serves, the same in the VM and in native mode. */
export function createHandlers(sources: HandlerSources): ChannelHandlers {
  return {
    engine: sources.engine,
    status: sources.health,
    explain: sources.explain,
    signIn: async (question) => recorded('sign-in', sources, (signIn) => answerSignIn(signIn, question)),
    signOut: async () => recorded('sign-out', sources, answerSignOut),
    logs: (query, signal) => sources.journal.read(query, signal),
    audit: (query, signal) => sources.audit.read(query, signal),
    changeShares: async (change) => (await sources.shares?.change(change)) ?? stays,
    trim: async () => (await sources.trim?.()) ?? { trimmed: false },
    ports: orDestroy(sources.ports),
    sshAgent: orDestroy(sources.sshAgent),
    egress: sources.egress,
    egressRelay: orDestroy(sources.egressRelay),
    powerOff: sources.powerOff,
  };
}

const stays: ShareChanged = {
  kind: 'error',
  ...toWire(new BulkheadError('BH_SHARE_RESTART', { reason: 'no directory comes or goes while it runs' })),
};

function orDestroy(serve: ((stream: Duplex) => void) | undefined): (stream: Duplex) => void {
  return serve ?? ((stream) => void stream.destroy());
}

async function recorded(
  action: 'sign-in' | 'sign-out',
  { audit, signIn }: HandlerSources,
  act: (signIn: SignIn | undefined) => Promise<SignInAnswer>,
): Promise<SignInAnswer> {
  const before = signIn?.member?.subject;
  const answer = await act(signIn);
  const decision = signInDecision(action, answer, before);
  if (decision !== undefined) audit.record(decision);
  return answer;
}
