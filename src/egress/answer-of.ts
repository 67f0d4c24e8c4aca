import type { ClientRequest, IncomingMessage } from 'node:http';

/** Answers before the one that counts (RFC 9110 §15.2); Go's clients take five. */
const mostBefore = 5;

/**
 * The answer to a request, as soon as its head is there. One that another protocol is to be spoken from now on is none.
 *
 * Threat: an error that comes with the answer in one packet (more than it is said to have, say) is told before whoever waits for the answer goes on. Nobody would hear it, and it would be the end of the process.
 */
export async function answerOf(asked: ClientRequest): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    let answer: IncomingMessage | undefined;
    asked.once('response', (given: IncomingMessage) => {
      answer = given;
      resolve(given);
    });
    asked.on('error', (error) => {
      reject(error);
      // Threat: a body that goes to the end of its connection, which was broken off, is taken for whole.
      if (answer?.complete === false) answer.destroy(error);
    });
    let before = 0;
    // Threat: a server that sends these without end, as fast as it can: to read them was all that the process did.
    asked.on('information', () => {
      before += 1;
      if (before > mostBefore) asked.destroy(new Error('it says too much before its answer'));
    });
    asked.once('upgrade', (_answer, stream) => {
      stream.destroy();
      reject(new Error('it answers with another protocol'));
    });
  });
}
