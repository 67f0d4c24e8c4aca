import { type IncomingMessage, request } from 'node:http';
import { z } from 'zod';
import { abortReason } from '../../common/abort.js';
import type { AuditQuery } from '../../common/audit-event.js';
import { BulkheadError } from '../../common/errors/bulkhead-error.js';
import { fromWire, wireErrorSchema } from '../../common/errors/wire-error.js';
import { readLines } from '../../common/line-reader.js';
import { type Progress, progressSchema } from './progress.js';
import type { ControllerShareChange } from './share-question.js';
import { type ControllerStatus, statusSchema } from './status.js';

const answerDeadlineMs = 5_000;
/** The engine makes a container to answer, which under TCG takes some seconds. */
const explainDeadlineMs = 60_000;
/** The guest may have to ask the provider for its keys. */
const signInDeadlineMs = 45_000;

/** A little more than the guest gives itself (`src/daemon/trim-disk.ts`). */
const trimDeadlineMs = 250_000;
/** A server starts, the guest finds its device, or lets go of one: each has a deadline of its own. One change before may have to end first. */
const shareDeadlineMs = 250_000;
const trimmedSchema = z.object({ trimmed: z.boolean() });

/** Where a controller listens, and what to say about it when it does not. */
export interface ControllerAddress {
  readonly name: string;
  readonly pid: number;
  readonly socket: string;
  readonly log: string;
}

/** Talks to the controller of a running instance. Every method rejects with the error the controller answered, `BH_CONTROLLER_UNRESPONSIVE`, or the signal's reason. */
export class ControlClient {
  readonly #address: ControllerAddress;

  constructor(address: ControllerAddress) {
    this.#address = address;
  }

  /** @param within how long the guest may take, in milliseconds; its last word is told where it takes longer. Without it, only its present one. */
  async status(within?: number): Promise<ControllerStatus> {
    const answer = await this.#request('GET', within === undefined ? '/status' : `/status?within=${within}`);
    return statusSchema.parse(JSON.parse(await readAll(answer)));
  }

  /** Question and answer as in `src/common/explanation.ts`; the answer is unchecked. */
  async explain(question: unknown, signal?: AbortSignal): Promise<unknown> {
    return this.#ask('/explain', explainDeadlineMs, signal, question);
  }

  /** Question and answers as in `src/common/sign-in.ts`; the answers are unchecked. */
  async signIn(question: unknown, signal?: AbortSignal): Promise<unknown> {
    return this.#ask('/sign-in', signInDeadlineMs, signal, question);
  }

  async signOut(signal?: AbortSignal): Promise<unknown> {
    return this.#ask('/sign-out', answerDeadlineMs, signal);
  }

  /** Has a directory come to containers, or go. */
  async changeShares(change: ControllerShareChange, signal?: AbortSignal): Promise<void> {
    await this.#ask('/shares', shareDeadlineMs, signal, change);
  }

  /** Has the VM give free space of its data disk back to this machine. Rejects with `BH_DISK_TRIM` where it cannot. */
  async trim(signal?: AbortSignal): Promise<void> {
    const answer = await this.#ask('/trim', trimDeadlineMs, signal);
    if (!trimmedSchema.parse(answer).trimmed)
      throw new BulkheadError('BH_DISK_TRIM', { name: this.#address.name });
  }

  /** Calls back from the present state on; resolves when the instance is ready, else rejects with what ended it. */
  async waitReady(onProgress: (progress: Progress) => void, signal?: AbortSignal): Promise<void> {
    const last = await this.#follow('GET', '/progress', onProgress, signal);
    if (last?.state === 'ready') return;
    if (last?.error !== undefined) throw fromWire(last.error);
    if (last?.state === 'stopped')
      throw new BulkheadError('BH_INSTANCE_NOT_RUNNING', { name: this.#address.name });
    this.#fail('it ended');
  }

  /** Tells the instance to stop; resolves when it has, with whether it did so by itself, else rejects with what went wrong. */
  async down(
    onProgress: (progress: Progress) => void,
    signal?: AbortSignal,
  ): Promise<{ readonly inOrder: boolean }> {
    const last = await this.#follow('POST', '/down', onProgress, signal);
    if (last?.state === 'stopped') return { inOrder: last.inOrder !== false };
    if (last?.error !== undefined) throw fromWire(last.error);
    this.#fail('it ended');
  }

  /** Ends when the journal does, or with the signal's reason. */
  async logs(
    query: { service?: string; follow?: boolean },
    onLine: (line: string) => void,
    signal?: AbortSignal,
  ): Promise<void> {
    const search = new URLSearchParams({
      ...(query.service === undefined ? {} : { service: query.service }),
      ...(query.follow === true ? { follow: '1' } : {}),
    });
    await this.#lines(`/logs?${search.toString()}`, query, onLine, signal);
  }

  /** Lines of the audit log (`src/common/audit-event.ts`), unchecked; ends like `logs`. */
  async audit(query: AuditQuery, onLine: (line: string) => void, signal?: AbortSignal): Promise<void> {
    const search = new URLSearchParams({
      ...(query.since === undefined ? {} : { since: query.since }),
      ...(query.follow === true ? { follow: '1' } : {}),
    });
    await this.#lines(`/audit?${search.toString()}`, query, onLine, signal);
  }

  async #lines(
    path: string,
    { follow }: { readonly follow?: boolean },
    onLine: (line: string) => void,
    signal?: AbortSignal,
  ): Promise<void> {
    // What is followed may stay silent for as long as it likes.
    const answer = await this.#request('GET', path, follow === true ? 0 : answerDeadlineMs, signal);
    await readLines(answer, onLine);
    signal?.throwIfAborted();
  }

  async #ask(path: string, deadlineMs: number, signal?: AbortSignal, question?: unknown): Promise<unknown> {
    const body = question === undefined ? undefined : JSON.stringify(question);
    return JSON.parse(await readAll(await this.#request('POST', path, deadlineMs, signal, body)));
  }

  /** Resolves with the last state that was told. */
  async #follow(
    method: string,
    path: string,
    onProgress: (progress: Progress) => void,
    signal?: AbortSignal,
  ): Promise<(Progress & { kind: 'state' }) | undefined> {
    const answer = await this.#request(method, path, answerDeadlineMs, signal);
    let last: (Progress & { kind: 'state' }) | undefined;
    await readLines(answer, (line) => {
      const progress = progressSchema.parse(JSON.parse(line));
      if (progress.kind === 'state') last = progress;
      onProgress(progress);
    });
    signal?.throwIfAborted();
    return last;
  }

  #fail(reason: string): never {
    const { name, pid, socket, log } = this.#address;
    throw new BulkheadError('BH_CONTROLLER_UNRESPONSIVE', { name, pid, socket, log, reason });
  }

  #request(
    method: string,
    path: string,
    deadlineMs = answerDeadlineMs,
    signal?: AbortSignal,
    body?: string,
  ): Promise<IncomingMessage> {
    const { name, pid, socket, log } = this.#address;
    return new Promise<IncomingMessage>((resolve, reject) => {
      const fail = (cause: Error): void => {
        const reason = cause.message;
        if (signal?.aborted === true) return reject(abortReason(signal));
        reject(
          new BulkheadError('BH_CONTROLLER_UNRESPONSIVE', { name, pid, socket, log, reason }, { cause }),
        );
      };
      const sent = request({
        socketPath: socket,
        method,
        path,
        agent: false,
        ...(signal === undefined ? {} : { signal }),
      });
      // Of the answer's first byte only: what follows may take as long as a boot.
      if (deadlineMs > 0)
        sent.setTimeout(deadlineMs, () => sent.destroy(new Error(`no answer within ${deadlineMs / 1000} s`)));
      sent.once('error', fail);
      sent.once('response', (answer) => {
        sent.setTimeout(0);
        answer.on('error', () => undefined);
        if (answer.statusCode === 200) resolve(answer);
        else refusal(answer).then(reject, fail);
      });
      sent.end(body);
    });
  }
}

async function refusal(answer: IncomingMessage): Promise<BulkheadError> {
  const text = await readAll(answer);
  const parsed = z
    .string()
    .transform((json): unknown => JSON.parse(json))
    .pipe(wireErrorSchema)
    .safeParse(text);
  if (parsed.success) return fromWire(parsed.data);
  throw new Error(`status ${answer.statusCode}`);
}

async function readAll(answer: IncomingMessage): Promise<string> {
  let text = '';
  for await (const chunk of answer.setEncoding('utf8')) text += String(chunk);
  return text;
}
