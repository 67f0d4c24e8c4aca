import type { Channel } from '../../channel/index.js';
import { orNothing } from '../../common/cause.js';
import { readLines } from '../../common/line-reader.js';
import type { Logger } from '../../common/log.js';
import { longestPortLine, mostPublished, portRequestSchema } from '../../common/ports.js';
import type { PublishedPorts } from './published-ports.js';

/** Requests that may wait for their answers. Threat: a guest that asks faster than the host can do it fills the controller's memory. */
export const mostWaiting = 4 * mostPublished;

/**
 * Hears one session of the guest. The only way a guest asks the host for anything: what is no request of the schema ends the stream, and with it whatever this
 * session could ask for. Resolves when it is over; does not reject.
 */
export async function servePorts(
  channel: Pick<Channel, 'openPorts'>,
  published: Pick<PublishedPorts, 'begin' | 'carryOut'>,
  logger: Pick<Logger, 'warn'>,
): Promise<void> {
  let stream;
  try {
    stream = await channel.openPorts();
  } catch (error) {
    logger.warn({ err: error }, 'the guest publishes no ports');
    return;
  }
  const { write, destroy } = { write: stream.write.bind(stream), destroy: stream.destroy.bind(stream) };
  let waiting = 0;
  let isOver = false;
  const giveUp = (reason: string): void => {
    isOver = true;
    logger.warn({ reason }, 'the guest is not heard any more about ports');
    destroy();
  };
  published.begin();
  await readLines(
    stream,
    (line) => {
      if (isOver) return;
      const request = portRequestSchema.safeParse(orNothing((): unknown => JSON.parse(line)));
      if (!request.success) return giveUp('it asked for something unknown');
      if (++waiting > mostWaiting) return giveUp('it asked for too much at once');
      void published.carryOut(request.data).then((answer) => {
        // Counted until it is on its way: who does not read has no answer waiting either.
        write(`${JSON.stringify(answer)}\n`, () => {
          waiting -= 1;
        });
      });
    },
    longestPortLine,
  );
}
