import { ipAddressText } from '../../common/ip-address.js';
import type { RegistryQuestion } from './facts.js';

/** For how long an answer is good, milliseconds, and how many are kept. */
const limits = { age: 3600 * 1000, answers: 4096 } as const;

/** Whether a registry answers somewhere, asked once an hour; of questions at the same time only the first is asked. A failure is nobody's answer. */
export class KnownRegistries {
  readonly #ask: (question: RegistryQuestion) => Promise<boolean>;
  readonly #now: () => number;
  readonly #known = new Map<string, { readonly answer: Promise<boolean>; readonly since: number }>();

  constructor(ask: (question: RegistryQuestion) => Promise<boolean>, now: () => number) {
    this.#ask = ask;
    this.#now = now;
  }

  async isRegistry(question: RegistryQuestion): Promise<boolean> {
    const { scheme, host, port, addresses, through } = question;
    // Threat: whoever owns a name has it lead to no registry first, and then to one. By a proxy another server may answer.
    const key = JSON.stringify([scheme, host, port, addresses.map(ipAddressText).sort(), through]);
    const known = this.#known.get(key);
    if (known !== undefined && this.#now() - known.since < limits.age) return known.answer;
    const answer = this.#ask(question);
    this.#known.delete(key);
    this.#known.set(key, { answer, since: this.#now() });
    answer.catch(() => this.#known.delete(key));
    const [oldest] = this.#known.keys();
    if (this.#known.size > limits.answers && oldest !== undefined) this.#known.delete(oldest);
    return answer;
  }
}
