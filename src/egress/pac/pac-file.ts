import { messageOf } from '../../common/cause.js';
import { PacFailure } from './pac-runner.js';

/** Bytes; the longest files that are known have some hundred thousand. */
const longestFile = 1024 * 1024;
const seconds = 1000;

/** For how long a file is good without asking, how long after that when its server does not answer, and how long until it is asked again. */
const ages = { fresh: 3600 * seconds, stale: 24 * 3600 * seconds, retry: 10 * seconds } as const;
const patience = 10 * seconds;

/** Fetches a file. @throws whatever is in its way. */
export type FetchPac = (url: string) => Promise<string>;

/** A file at an address (`pac`). Threat: Docker's once let everything through when it could not be had; here nothing is. */
export class PacFile {
  readonly #url: string;
  readonly #fetch: FetchPac;
  readonly #now: () => number;
  #text: string | undefined;
  #fetched = Number.NEGATIVE_INFINITY;
  #failed = Number.NEGATIVE_INFINITY;
  #reason = '';
  #pending: Promise<string> | undefined;

  /** @param now milliseconds of a clock that is never put back. */
  constructor(url: string, fetch: FetchPac, now: () => number) {
    this.#url = url;
    this.#fetch = fetch;
    this.#now = now;
  }

  /** @throws PacFailure where there is none that is good. */
  async text(): Promise<string> {
    const age = this.#now() - this.#fetched;
    if (this.#text !== undefined && age < ages.fresh) return this.#text;
    if (this.#now() - this.#failed >= ages.retry) this.#pending ??= this.#renew();
    if (this.#pending !== undefined) return this.#pending;
    return this.#kept();
  }

  async #renew(): Promise<string> {
    try {
      this.#text = await this.#fetch(this.#url);
      this.#fetched = this.#now();
      return this.#text;
    } catch (error) {
      this.#failed = this.#now();
      this.#reason = messageOf(error);
      return this.#kept();
    } finally {
      this.#pending = undefined;
    }
  }

  #kept(): string {
    if (this.#text !== undefined && this.#now() - this.#fetched < ages.stale) return this.#text;
    throw new PacFailure(`it could not be loaded from ${this.#url}: ${this.#reason}`);
  }
}

/** By HTTP, from the host and without a proxy. Threat: a server that takes the question and answers nothing, or half, holds up whoever waits for the file. */
export async function fetchPac(url: string, within = patience): Promise<string> {
  const signal = AbortSignal.timeout(within);
  try {
    return await readPac(await fetch(url, { signal, redirect: 'follow' }));
  } catch (error) {
    if (signal.aborted) throw new Error(`its server did not answer within ${within} ms`, { cause: error });
    throw error;
  }
}

async function readPac(response: Response): Promise<string> {
  if (response.status !== 200) throw new Error(`the answer is ${response.status}`);
  const chunks: Uint8Array[] = [];
  let length = 0;
  const body: AsyncIterable<Uint8Array> | Iterable<Uint8Array> = response.body ?? [];
  for await (const chunk of body) {
    chunks.push(chunk);
    length += chunk.length;
    if (length > longestFile) throw new Error(`it is larger than ${longestFile} bytes`);
  }
  return new TextDecoder('utf-8', { fatal: true }).decode(Buffer.concat(chunks));
}
