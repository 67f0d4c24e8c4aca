import { connect } from 'node:net';
import { existsSync } from 'node:fs';
import { once } from 'node:events';
import { join } from 'node:path';
import { connectChannel } from '../../channel/index.js';
import { BulkheadError } from '../../common/errors/bulkhead-error.js';
import {
  type ContainerExplanation,
  type ExplainQuestion,
  parseExplanation,
} from '../../common/explanation.js';
import { systemClock } from '../../common/system-clock.js';
import { inspectInstance, instancePaths } from '../../vm/index.js';

export interface ExplainingEngine {
  readonly dockerSocket: string;
  ask(question: ExplainQuestion, signal: AbortSignal): Promise<ContainerExplanation>;
}

/**
 * The engine of an instance, in its VM or in native mode.
 *
 * Throws `BH_INSTANCE_NOT_RUNNING`, or what made its VM fail.
 */
export async function findEngine(name: string): Promise<ExplainingEngine> {
  const paths = instancePaths(name);
  const found = await inspectInstance(paths);
  if (found.kind === 'running') {
    return {
      dockerSocket: paths.dockerSocket,
      ask: async (question, signal) => parseExplanation(await found.client.explain(question, signal)),
    };
  }
  const native = join(paths.runtimeDir, 'engine');
  const control = join(native, 'control.sock');
  if (existsSync(control)) {
    return {
      dockerSocket: join(native, 'docker.sock'),
      ask: (question, signal) => askNative(control, question, signal),
    };
  }
  if (found.kind === 'failed') throw found.error;
  throw new BulkheadError('BH_INSTANCE_NOT_RUNNING', { name });
}

async function askNative(
  path: string,
  question: ExplainQuestion,
  signal: AbortSignal,
): Promise<ContainerExplanation> {
  const socket = connect(path);
  await once(socket, 'connect', { signal });
  const channel = await connectChannel(socket, { clock: systemClock, signal });
  try {
    return parseExplanation(await channel.explain(question, signal));
  } finally {
    await channel.close();
  }
}
