/** The thread in which a proxy auto-configuration file runs. A message a run, an answer a message. */
import { parentPort, workerData } from 'node:worker_threads';
import { PacSandbox } from './pac-sandbox.js';
import { pacQuestionSchema, pacWorkerDataSchema } from './pac-messages.js';

const port = parentPort;
if (port !== null) {
  const { text, ownAddress } = pacWorkerDataSchema.parse(workerData);
  const sandbox = new PacSandbox(text, ownAddress);
  port.on('message', (message: unknown) => {
    const { url, host, answers } = pacQuestionSchema.parse(message);
    void sandbox.run(url, host, answers).then((outcome) => port.postMessage(outcome));
  });
}
