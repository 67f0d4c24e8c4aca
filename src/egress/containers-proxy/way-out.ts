import { messageOf } from '../../common/cause.js';
import { clientKey } from '../connect-access/index.js';
import {
  fetchPac,
  type FetchPac,
  PacFile,
  PacFailure,
  PacRunner,
  type PacRunnerOptions,
} from '../pac/index.js';
import type { ContainersProxy, Proxies } from './containers-proxy.js';
import { type DecidedWay, decideWay, goesByName, type Outbound, pacFailed, wayByPac } from './decide-way.js';

export interface WayOutOptions extends PacRunnerOptions {
  readonly contact: string;
  /** What the host says of its proxies now. */
  readonly system: () => Proxies;
  readonly fetch?: FetchPac;
  /** Milliseconds of a clock that is never put back. */
  readonly now?: () => number;
}

/** The way out of each connection, with the file that decides it run, and fetched where it is not in the policy. */
export class WayOut implements AsyncDisposable {
  readonly #setting: ContainersProxy;
  readonly #options: WayOutOptions;
  readonly #file: PacFile | undefined;
  #runner: { readonly text: string; readonly pac: PacRunner } | undefined;

  constructor(setting: ContainersProxy, options: WayOutOptions) {
    this.#setting = setting;
    this.#options = options;
    const { fetch = fetchPac, now = () => performance.now() } = options;
    const { way } = setting;
    this.#file = way.kind === 'pac' && 'url' in way ? new PacFile(way.url, fetch, now) : undefined;
  }

  goesByName(wanted: Pick<Outbound, 'who' | 'port'>): boolean {
    return goesByName(this.#setting, this.#options.system(), wanted);
  }

  async decide(outbound: Outbound): Promise<DecidedWay> {
    const { contact, system } = this.#options;
    const way = decideWay(this.#setting, system(), outbound, contact);
    if (way.kind !== 'ask-pac') return way;
    try {
      const runner = await this.#runnerNow();
      return wayByPac(await runner.find(way.url, way.host, clientKey(outbound.who)), outbound, contact);
    } catch (error) {
      const reason = error instanceof PacFailure ? error.message : `it could not be run: ${messageOf(error)}`;
      return pacFailed(reason, outbound, contact);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#runner?.pac[Symbol.asyncDispose]();
    this.#runner = undefined;
  }

  async #runnerNow(): Promise<PacRunner> {
    const { way } = this.#setting;
    const text = way.kind === 'pac' && 'text' in way ? way.text : ((await this.#file?.text()) ?? '');
    if (this.#runner?.text === text) return this.#runner.pac;
    const before = this.#runner;
    const pac = new PacRunner(text, this.#options);
    this.#runner = { text, pac };
    // What waits for the old one is still answered by it.
    void before?.pac[Symbol.asyncDispose]();
    return pac;
  }
}
