import { Worker } from 'node:worker_threads';
import { messageOf } from '../../common/cause.js';
import type { Asker, RegistryQuestion } from './facts.js';
import { type QuestionOrder, type QuestionReport, questionReportSchema } from './question-messages.js';
import type { RegistryFinding } from './registry-finding.js';

type Told = (report: QuestionReport) => void;

/** Milliseconds without a question until the thread is ended: it takes 30 MiB, and answers are good for an hour. */
const idle = 60_000;
/** Milliseconds for each address of a question, many times as long as the thread gives it itself. */
const longest = 60_000;

/**
 * Asks servers whether they are registries, in a thread of its own that is started when somebody is to be asked. Threat: whoever answers is anybody a container connects to. What it shows of certificates and says in
 * TLS takes as much of the processor as it likes, and nobody else would have a decision meanwhile; the relay takes a gateway that says nothing for gone.
 */
export class QuestionThread {
  readonly #program: URL;
  readonly #waiting = new Map<number, Told>();
  #worker: Worker | undefined;
  #resting: NodeJS.Timeout | undefined;
  #last = 0;

  /** @param program where the thread's is. */
  constructor(program = new URL('./question-worker.js', import.meta.url)) {
    this.#program = program;
  }

  /** @throws where nothing is reached, where the asker has gone, and where the thread ends before. */
  async ask(question: RegistryQuestion, { client, signal }: Asker): Promise<RegistryFinding> {
    signal.throwIfAborted();
    const worker = (this.#worker ??= this.#start());
    clearTimeout(this.#resting);
    this.#last += 1;
    const number = this.#last;
    // Threat: a server that keeps the thread from its own deadlines keeps everybody from an answer, for good.
    const late = setTimeout(() => this.#giveUp(worker), longest * Math.max(1, question.addresses.length));
    const leave = (): void => order(worker, { left: number });
    signal.addEventListener('abort', leave, { once: true });
    const report = await new Promise<QuestionReport>((resolve) => {
      this.#waiting.set(number, resolve);
      // Whoever waits does not end for want of anything to do.
      worker.ref();
      order(worker, { number, client, question });
    });
    signal.removeEventListener('abort', leave);
    clearTimeout(late);
    if ('finding' in report) return report.finding;
    throw new Error(report.failure);
  }

  async end(): Promise<void> {
    clearTimeout(this.#resting);
    await this.#worker?.terminate();
  }

  #start(): Worker {
    const worker = new Worker(this.#program, {
      env: {},
      execArgv: [],
      resourceLimits: { maxOldGenerationSizeMb: 128, maxYoungGenerationSizeMb: 16 },
    });
    worker.on('message', (message: unknown) => {
      this.#tell(questionReportSchema.parse(message));
      if (this.#waiting.size === 0) this.#rest(worker);
    });
    let reason = 'the thread that asks has ended';
    worker.on('error', (error) => {
      reason = messageOf(error);
    });
    worker.on('exit', () => {
      if (this.#worker === worker) this.#failAll(reason);
    });
    return worker;
  }

  #giveUp(worker: Worker): void {
    if (this.#worker !== worker) return;
    this.#failAll('the thread that asks did not answer in time');
    void worker.terminate();
  }

  #failAll(failure: string): void {
    this.#worker = undefined;
    for (const number of this.#waiting.keys()) this.#tell({ number, failure });
  }

  #rest(worker: Worker): void {
    worker.unref();
    this.#resting = setTimeout(() => {
      // Whoever asks next starts another.
      this.#worker = undefined;
      void worker.terminate();
    }, idle).unref();
  }

  #tell(report: QuestionReport): void {
    this.#waiting.get(report.number)?.(report);
    this.#waiting.delete(report.number);
  }
}

function order(worker: Worker, said: QuestionOrder): void {
  // The rule is about windows of a browser.
  // oxlint-disable-next-line unicorn/require-post-message-target-origin
  worker.postMessage(said);
}
