/** The thread in which servers are asked whether they are registries. */
import { parentPort } from 'node:worker_threads';
import { messageOf } from '../../common/cause.js';
import { ClientTurns } from '../client-turns.js';
import { askRegistry } from './ask-registry.js';
import { type QuestionReport, questionOrderSchema } from './question-messages.js';

const port = parentPort;
/** How many there are is limited by who asks. */
const turns = new ClientTurns({ waiting: Infinity });
const underWay = new Map<number, AbortController>();

port?.on('message', (message: unknown) => {
  const order = questionOrderSchema.parse(message);
  if ('left' in order) {
    underWay.get(order.left)?.abort();
    return;
  }
  const { number, client, question } = order;
  const left = new AbortController();
  underWay.set(number, left);
  const report = (told: QuestionReport): void => {
    underWay.delete(number);
    port.postMessage(told);
  };
  askRegistry(question, { signal: left.signal, turn: (work) => turns.take(client, work) }).then(
    (finding) => report({ number, finding }),
    (error: unknown) => report({ number, failure: messageOf(error) }),
  );
});
