/** The thread in which the engine's own connections end, so that nobody's decision waits for its bytes. A message a connection. */
import { parentPort, workerData } from 'node:worker_threads';
import { printable } from '../../common/printable.js';
import { type EngineDecision, PullWatch } from '../engine-traffic/index.js';
import { engineDecision } from './connection-decision.js';
import { engineEnd } from './engine-end.js';
import { engineOrderSchema, type EngineReport, engineWorkerDataSchema } from './engine-messages.js';
import { hostNameServers } from './name-servers.js';
import { policyFacts } from './policy-facts.js';
import { openStream } from './relay-link.js';
import { readSetup } from './setup.js';
import { createPullTeller } from './tell-pulled.js';

function reportOf(decided: EngineDecision): EngineReport {
  const { refusal } = decided;
  const decision = engineDecision(decided);
  return {
    kind: 'decided',
    decision,
    ...(refusal === undefined
      ? {}
      : { text: `the engine to ${decision.destination}: ${printable(refusal.message)}` }),
  };
}

const port = parentPort;
if (port !== null) {
  const { relay, setup, nameServers } = engineWorkerDataSchema.parse(workerData);
  const {
    settings,
    system,
    engineProxy,
    authority,
    insecureRegistries,
    certificates,
    publishers,
    hostLoopback,
  } = readSetup(setup);
  if (settings === undefined || authority === undefined) throw new Error('there is nothing to end here');
  const report = (told: EngineReport): void => port.postMessage(told);
  const teller = createPullTeller(report);
  const traffic = engineEnd(settings, {
    publishers,
    hostLoopback,
    facts: policyFacts(settings, {
      nameServers: nameServers === undefined ? hostNameServers() : () => nameServers,
      system,
      engineProxy,
    }),
    authority,
    insecure: insecureRegistries,
    certificates,
    pulled: new PullWatch((pulled) => teller.tell(pulled)),
    onDecision: (decision) => report(reportOf(decision)),
  });
  port.on('message', (message: unknown) => {
    const order = engineOrderSchema.parse(message);
    if (order.kind === 'learnt') {
      teller.learnt(order.number);
      return;
    }
    openStream(relay, order.id, false).then(
      (stream) => traffic.serve(stream, order.to),
      // The relay is gone, and the connection with it.
      () => undefined,
    );
  });
}
