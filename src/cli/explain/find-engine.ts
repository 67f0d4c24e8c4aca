import { connect } from 'node:net';
import { existsSync } from 'node:fs';
import { once } from 'node:events';
import { join } from 'node:path';
import { type Channel, connectChannel } from '../../channel/index.js';
import type { AuditQuery } from '../../common/audit-event.js';
import { BulkheadError } from '../../common/errors/bulkhead-error.js';
import {
  type ContainerExplanation,
  type ExplainQuestion,
  parseExplanation,
} from '../../common/explanation.js';
import { systemClock } from '../../common/system-clock.js';
import { inspectInstance, instancePaths } from '../../vm/index.js';

export interface FoundEngine {
  readonly dockerSocket: string;
  ask(question: ExplainQuestion, signal: AbortSignal): Promise<ContainerExplanation>;
  /** Lines of the audit log, unchecked. Resolves when there are no more; rejects with the signal's reason. */
  audit(query: AuditQuery, onLine: (line: string) => void, signal: AbortSignal): Promise<void>;
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
    return {
      dockerSocket: paths.dockerSocket,
      ask: async (question, signal) => parseExplanation(await found.client.explain(question, signal)),
      audit: (query, onLine, signal) => found.client.audit(query, onLine, signal),
    };
  }
  const native = join(paths.runtimeDir, 'engine');
  const control = join(native, 'control.sock');
  if (existsSync(control)) {
    return {
      dockerSocket: join(native, 'docker.sock'),
      ask: (question, signal) =>
        withControl(control, signal, async (channel) =>
          parseExplanation(await channel.explain(question, signal)),
        ),
      audit: (query, onLine, signal) =>
        withControl(control, signal, async (channel) => {
          for await (const line of channel.audit(query, signal)) onLine(line);
        }),
    };
  }
  if (found.kind === 'failed') throw found.error;
  throw new BulkheadError('BH_INSTANCE_NOT_RUNNING', { name });
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
