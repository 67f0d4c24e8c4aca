import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Clock } from '../../common/clock.js';
import { messageOf } from '../../common/cause.js';
import type { Logger } from '../../common/log.js';

const program = '/usr/lib/bulkhead/agent-relay';
/** A relay that cannot start must not be started a thousand times. */
const pauseMs = 1_000;

/**
 * Keeps agent-relay running: it takes the connections containers make, and hands them on to the gate. What waits while there is none is taken by the next: PID 1 holds the socket.
 *
 * @param listener descriptor of that socket. @param gate path on which this process listens.
 */
export async function keepAgentRelay(
  listener: number,
  gate: string,
  clock: Pick<Clock, 'sleep'>,
  log: Logger,
): Promise<never> {
  for (;;) {
    const reason = await runRelay(listener, gate).catch(messageOf);
    log.error({ reason }, 'agent-relay ended and is started again');
    await clock.sleep(pauseMs);
  }
}

/** Resolves with how it ended. */
async function runRelay(listener: number, gate: string): Promise<string> {
  const relay = spawn(program, [gate], { stdio: ['ignore', 'ignore', 'inherit', listener] });
  await once(relay, 'exit');
  return relay.signalCode ?? `status ${relay.exitCode}`;
}
