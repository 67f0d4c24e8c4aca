import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { Duplex } from 'node:stream';
import { type ChannelHandlers, serveChannel } from '../channel/index.js';
import type { Clock } from '../common/clock.js';
import type { Logger } from '../common/log.js';

/** After a session that failed to open: a relay that cannot start must not be started a thousand times. */
const pauseMs = 1_000;

export interface VmControlOptions {
  readonly relay: string;
  /** Device of the port, `/dev/vport…`. */
  readonly port: string;
  readonly handlers: ChannelHandlers;
  readonly clock: Clock;
  readonly log: Logger;
}

/**
 * Serves the control channel on the virtio-serial port for ever, one session after the other. Node can only block a
 * thread on a character device, so a small relay copies between the port and a socket; its end closes the port, by
 * which the host learns that the session is over.
 */
export async function serveVmControl(options: VmControlOptions): Promise<never> {
  for (;;) {
    try {
      await serveOneSession(options);
    } catch (error) {
      options.log.warn({ err: error }, 'control session failed');
      await options.clock.sleep(pauseMs);
    }
  }
}

async function serveOneSession({ relay, port, handlers, clock, log }: VmControlOptions): Promise<void> {
  const child = spawn(relay, [port], { stdio: ['ignore', 'ignore', 'inherit', 'pipe'] });
  const exited = once(child, 'exit');
  try {
    const stream = child.stdio[3];
    if (!(stream instanceof Duplex)) throw new Error('the relay has no socket');
    const onError = (request: string, error: unknown): void => {
      log.error({ err: error, request }, 'control request failed');
    };
    const session = await serveChannel(stream, handlers, { clock, onError });
    log.info('control session open');
    const end = await session.closed;
    log.info({ reason: end.reason }, 'control session ended');
  } finally {
    child.kill('SIGTERM');
    await exited;
  }
}
