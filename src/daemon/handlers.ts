import { setTimeout as deadline } from 'node:timers';
import type { Duplex } from 'node:stream';
import type { ChannelHandlers } from '../channel/index.js';
import type { Health } from '../common/health.js';
import type { Logger } from '../common/log.js';
import { type Caller, developer } from '../gate/caller.js';
import type { ContainerIds } from '../gate/joined-network.js';
import type { GatePolicy } from '../gate/policy.js';
import type { Exchange, GateHooks } from './gate/exchange.js';
import { judgeAll } from './gate/judges.js';
import type { RequestWitness } from './gate/exchange.js';
import type { SignInAnswer } from '../common/sign-in.js';
import type { AuditLog } from './audit/index.js';
import { signInDecision } from './audit/sign-in-audit.js';
import { passGate } from './gate/pass-gate.js';
import { createSettingsJudge } from './gate/settings-judge.js';
import type { Journal } from './journal.js';
import { answerSignIn, answerSignOut } from './sign-in/answer-sign-in.js';
import type { SignIn } from './sign-in/sign-in.js';
import { createSignInJudge } from './sign-in/sign-in-judge.js';
import type { PortGuard } from './port-guard.js';
import type { DockerSockets } from './socket-mount/socket-mounts.js';
import { freshViewHooks, type RefreshViews } from './view-refresh.js';

/** How long a connection waits for an engine that is starting again; under TCG that takes up to half a minute. */
const engineWaitMs = 60_000;

export interface HandlerSources {
  readonly engineSocket: string;
  readonly whenEngineReady: (signal: AbortSignal) => Promise<void>;
  readonly health: () => Promise<Health>;
  readonly explain: (question: unknown) => Promise<unknown>;
  readonly signIn: SignIn | undefined;
  readonly journal: Journal;
  readonly powerOff: () => Promise<void>;
  readonly refreshViews: RefreshViews;
  readonly containerId: ContainerIds;
  readonly policy: GatePolicy;
  readonly ports: PortGuard;
  readonly witness: RequestWitness;
  readonly audit: Pick<AuditLog, 'read' | 'record'>;
  readonly dockerSockets: Pick<DockerSockets, 'judge' | 'judgeBody'>;
  readonly log: Logger;
}

/** What the control channel serves, the same in the VM and in native mode. */
export function createHandlers(sources: HandlerSources): ChannelHandlers {
  return {
    engine(stream) {
      void joinEngine(stream, sources);
    },
    status: sources.health,
    explain: sources.explain,
    signIn: async (question) => recorded('sign-in', await answerSignIn(sources.signIn, question), sources),
    signOut: async () => recorded('sign-out', await answerSignOut(sources.signIn), sources),
    logs: (query, signal) => sources.journal.read(query, signal),
    audit: (query, signal) => sources.audit.read(query, signal),
    powerOff: sources.powerOff,
  };
}

function recorded(
  action: 'sign-in' | 'sign-out',
  answer: SignInAnswer,
  { audit }: HandlerSources,
): SignInAnswer {
  const decision = signInDecision(action, answer);
  if (decision !== undefined) audit.record(decision);
  return answer;
}

/** Lets one connection through the gate as soon as the engine answers; a connection nobody waits for any more is dropped. */
export async function joinEngine(
  stream: Duplex,
  {
    engineSocket,
    whenEngineReady,
    refreshViews,
    containerId,
    policy,
    ports,
    dockerSockets,
    witness,
    signIn,
    log,
  }: HandlerSources,
  caller: Caller = developer,
): Promise<void> {
  const abort = new AbortController();
  const timer = deadline(() => {
    abort.abort(new Error('the engine did not answer in time'));
  }, engineWaitMs);
  const gone = (): void => {
    abort.abort(new Error('the client has gone'));
  };
  stream.once('close', gone);
  /* The gate listens for itself later; until then an error would be uncaught. */
  stream.once('error', gone);
  try {
    await whenEngineReady(abort.signal);
  } catch {
    stream.destroy();
    return;
  } finally {
    clearTimeout(timer);
    stream.off('close', gone);
    stream.off('error', gone);
  }
  const views = freshViewHooks(refreshViews);
  const hooks: GateHooks = {
    judge: judgeAll([
      createSignInJudge(signIn),
      createSettingsJudge(policy),
      ports.judge,
      (exchange) => dockerSockets.judge(exchange),
    ]),
    judgeBody: (exchange, body) => dockerSockets.judgeBody(exchange, body),
    before: views.before,
    after: async (exchange: Exchange) => {
      await views.after(exchange);
      await ports.after(exchange);
    },
    containerId,
    policy,
    witness,
  };
  await passGate(stream, { engineSocket, hooks, caller, log });
}
