import { connect } from 'node:net';
import { existsSync } from 'node:fs';
import { once } from 'node:events';
import { join } from 'node:path';
import { type Channel, connectChannel } from '../channel/index.js';
import type { AuditQuery } from '../common/audit-event.js';
import { BulkheadError } from '../common/errors/bulkhead-error.js';
import { type ContainerExplanation, type ExplainQuestion, parseExplanation } from '../common/explanation.js';
import { parseSignInBegin, parseSignInState, type SignInBegin, type SignInState } from '../common/sign-in.js';
import { systemClock } from '../common/system-clock.js';
import { checkRuntimeDirectory, inspectInstance, instancePaths } from '../vm/index.js';

/** What commands ask of an engine's daemon. */
export interface FoundEngine {
  readonly dockerSocket: string;
  ask(question: ExplainQuestion, signal: AbortSignal): Promise<ContainerExplanation>;
  /** Lines of the audit log, unchecked. Resolves when there are no more; rejects with the signal's reason. */
  audit(query: AuditQuery, onLine: (line: string) => void, signal: AbortSignal): Promise<void>;
  beginSignIn(signal: AbortSignal): Promise<SignInBegin>;
  /** Rejects with what the daemon has against the token. */
  signIn(idToken: string, signal: AbortSignal): Promise<SignInState>;
  signOut(signal: AbortSignal): Promise<SignInState>;
}

export interface NativeEngine extends FoundEngine {
  /** The health document, unchecked. */
  status(signal: AbortSignal): Promise<unknown>;
}

/**
 * The engine of an instance, in its VM or in native mode.
 *
 * Throws `BH_INSTANCE_NOT_RUNNING`, or what made its VM fail.
 */
export async function findEngine(name: string): Promise<FoundEngine> {
  const paths = instancePaths(name);
  const found = await inspectInstance(paths);
  if (found.kind === 'running') {
    const { client } = found;
    return {
      dockerSocket: paths.dockerSocket,
      audit: (query, onLine, signal) => client.audit(query, onLine, signal),
      ...askedThrough((work) => work(client)),
    };
  }
  const native = findNativeEngine(name);
  if (native !== undefined) return native;
  if (found.kind === 'failed') throw found.error;
  throw new BulkheadError('BH_INSTANCE_NOT_RUNNING', { name });
}

/** The engine of an instance in native mode; undefined where none runs. Throws `BH_RUNTIME_DIRECTORY`. */
export function findNativeEngine(name: string): NativeEngine | undefined {
  const paths = instancePaths(name);
  const directory = join(paths.runtimeDir, 'engine');
  const control = join(directory, 'control.sock');
  if (!existsSync(control)) return undefined;
  checkRuntimeDirectory(paths);
  return {
    dockerSocket: join(directory, 'docker.sock'),
    audit: (query, onLine, signal) =>
      withControl(control, signal, async (channel) => {
        for await (const line of channel.audit(query, signal)) onLine(line);
      }),
    status: (signal) => withControl(control, signal, (channel) => channel.status(signal)),
    ...askedThrough((work, signal) => withControl(control, signal, work)),
  };
}

type Answering = Pick<Channel, 'explain' | 'signIn' | 'signOut'>;

/** The same questions, by whichever way: a guest's answers are checked here. */
function askedThrough(
  ask: (work: (way: Answering) => Promise<unknown>, signal: AbortSignal) => Promise<unknown>,
): Omit<FoundEngine, 'dockerSocket' | 'audit'> {
  return {
    ask: async (question, signal) =>
      parseExplanation(await ask((way) => way.explain(question, signal), signal)),
    beginSignIn: async (signal) =>
      parseSignInBegin(await ask((way) => way.signIn({ begin: true }, signal), signal)),
    signIn: async (idToken, signal) =>
      parseSignInState(await ask((way) => way.signIn({ idToken }, signal), signal)),
    signOut: async (signal) => parseSignInState(await ask((way) => way.signOut(signal), signal)),
  };
}

async function withControl<T>(
  path: string,
  signal: AbortSignal,
  work: (channel: Channel) => Promise<T>,
): Promise<T> {
  const socket = connect(path);
  await once(socket, 'connect', { signal });
  const channel = await connectChannel(socket, { clock: systemClock, signal });
  try {
    return await work(channel);
  } finally {
    await channel.close();
  }
}
