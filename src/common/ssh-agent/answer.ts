import type { Duplex } from 'node:stream';
import { framed, framedMessages } from './framing.js';
import { isAnswerTo, mayBeAsked, refusedByAgent } from './messages.js';

/** Puts a message to an agent, and gives its answer; not any longer once nobody can be answered. May reject. */
export type AskAgent = (request: Buffer, over?: AbortSignal) => Promise<Buffer>;

/** Milliseconds an agent may take: it may be asking a person (`ssh-add -c`). */
const answerWithinMs = 120_000;

/** What is answered to a request that containers have made. Whatever is not allowed does not reach the agent. Does not reject. */
export async function answerTo(request: Buffer, ask: AskAgent): Promise<Buffer> {
  if (!mayBeAsked(request)) return refusedByAgent;
  try {
    const answer = await ask(request);
    return isAnswerTo(request, answer) ? answer : refusedByAgent;
  } catch {
    return refusedByAgent;
  }
}

/**
 * Asks an agent by a connection of its own, which ends with the answer: what one container is to the agent says nothing of what the next may ask, and who
 * only holds a connection takes nothing of the agent's.
 *
 * @param connect a connection that may still be under way.
 * @param over when it is to be given up.
 */
export async function askOnce(connect: () => Duplex, request: Buffer, over?: AbortSignal): Promise<Buffer> {
  over?.throwIfAborted();
  const agent = connect();
  // It is ended by its errors, which is all there is to know.
  agent.on('error', () => undefined);
  const giveUp = (): void => void agent.destroy();
  const timer = setTimeout(giveUp, answerWithinMs);
  over?.addEventListener('abort', giveUp);
  try {
    agent.write(framed(request));
    for await (const answer of framedMessages(agent)) return answer;
    throw new Error('the agent ended the connection');
  } finally {
    clearTimeout(timer);
    over?.removeEventListener('abort', giveUp);
    agent.destroy();
  }
}
