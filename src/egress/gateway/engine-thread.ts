import { Worker } from 'node:worker_threads';
import type { Endpoint } from '../relay-wire.js';
import {
  type EngineReport,
  engineReportSchema,
  type EngineOrder,
  type EngineWorkerData,
} from './engine-messages.js';

export interface EngineThread {
  /** @param id of the relay's. */
  hand(id: number, to: Endpoint): void;
  /** What bulkheadd has learnt of what the thread told it. */
  learnt(number: number): void;
}

/**
 * Starts the thread in which the engine's own connections end. Threat: one that has ended leaves connections nobody decides; so the gateway ends with it, and is started again.
 */
export function startEngineThread(
  data: EngineWorkerData,
  onReport: (report: EngineReport) => void,
  onEnd: (reason: Error | undefined) => void,
): EngineThread {
  const worker = new Worker(new URL('./engine-worker.js', import.meta.url), {
    workerData: data,
    env: {},
    execArgv: [],
    // Every 16 KiB of an image come in a buffer of their own: with what node gives young ones they are strewn over some 50 MB, which costs two fifths of the time as well.
    resourceLimits: { maxYoungGenerationSizeMb: 3 },
  });
  worker.on('message', (message: unknown) => onReport(engineReportSchema.parse(message)));
  worker.once('error', onEnd);
  worker.once('exit', () => onEnd(undefined));
  const order = (told: EngineOrder): void => {
    // The rule is about windows of a browser.
    // oxlint-disable-next-line unicorn/require-post-message-target-origin
    worker.postMessage(told);
  };
  return {
    hand: (id, to) => order({ kind: 'handed', id, to }),
    learnt: (number) => order({ kind: 'learnt', number }),
  };
}
