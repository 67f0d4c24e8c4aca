/** The thread in which servers are asked whether they are registries. */
import { parentPort } from 'node:worker_threads';
import { messageOf } from '../../common/cause.js';
import { askRegistry } from './ask-registry.js';
import { type QuestionReport, questionOrderSchema } from './question-messages.js';

const port = parentPort;
port?.on('message', (message: unknown) => {
  const { number, question } = questionOrderSchema.parse(message);
  const report = (told: QuestionReport): void => port.postMessage(told);
  askRegistry(question).then(
    (finding) => report({ number, finding }),
    (error: unknown) => report({ number, failure: messageOf(error) }),
  );
});
