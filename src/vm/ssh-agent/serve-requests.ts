import type { Channel } from '../../channel/index.js';
import type { Logger } from '../../common/log.js';
import {
  type AskAgent,
  answerTo,
  framed,
  framedMessages,
  longestAgentMessage,
  mostAgentRequests,
} from '../../common/ssh-agent/index.js';

const idBytes = 4;

/**
 * Hears what one session of the guest asks of the agent: requests with a number before each, which is before the answer as well. The guest has judged them already; that they are judged here is
 * for a guest that is not what it was. Nothing in them says which agent is asked, or where it is. Resolves when the session is over; does not reject.
 */
export async function serveAgentRequests(
  channel: Pick<Channel, 'openAgent'>,
  ask: AskAgent,
  logger: Pick<Logger, 'warn'>,
): Promise<void> {
  let stream;
  try {
    stream = await channel.openAgent();
  } catch (error) {
    logger.warn({ err: error }, 'the guest has no use for an ssh agent');
    return;
  }
  stream.on('error', () => undefined);
  const write = stream.write.bind(stream);
  // Threat: what is asked outlives the session by as long as the agent may take, and the next session could ask for as much again.
  const over = new AbortController();
  let underWay = 0;
  try {
    for await (const message of framedMessages(stream, idBytes + longestAgentMessage)) {
      if (message.length <= idBytes) throw new Error('a request without a message');
      // Threat: each is a connection to the agent, which has its descriptors for the person on the host as well.
      // Twice what the guest has: it may hear an answer before we know that it is on its way.
      if (++underWay > 2 * mostAgentRequests) throw new Error('too many requests at once');
      const [id, request] = [message.subarray(0, idBytes), message.subarray(idBytes)];
      void answerTo(request, (message) => ask(message, over.signal)).then((answer) => {
        // Counted until it is on its way: who does not read has no answer waiting either.
        write(framed(id, answer), () => {
          underWay -= 1;
        });
      });
    }
  } catch (error) {
    logger.warn({ err: error }, 'the guest is not heard any more about the ssh agent');
  }
  over.abort();
  stream.destroy();
}
