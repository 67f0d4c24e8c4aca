import { ipAddressText } from '../../common/ip-address.js';
import type { RegistryFinding } from './registry-finding.js';
import type { RegistryQuestion } from './facts.js';

/** For how long an answer is good, milliseconds, and how many are kept. */
const limits = { age: 3600 * 1000, unspoken: 10_000, answers: 4096 } as const;

interface Known {
  readonly answer: Promise<boolean | 'unsaid'>;
  readonly since: number;
  age: number;
}

/**
 * Whether a registry answers somewhere, asked once an hour; of questions at the same time only the first is asked. A failure is nobody's answer. Threat: who breaks off without a word may be a server before a registry that is
 * down for a moment: that is good for as long as it takes to ask again.
 */
export class KnownRegistries {
  readonly #ask: (question: RegistryQuestion) => Promise<RegistryFinding>;
  readonly #now: () => number;
  readonly #known = new Map<string, Known>();

  constructor(ask: (question: RegistryQuestion) => Promise<RegistryFinding>, now: () => number) {
    this.#ask = ask;
    this.#now = now;
  }

  async isRegistry(question: RegistryQuestion): Promise<boolean | 'unsaid'> {
    const { scheme, host, port, addresses, through } = question;
    // Threat: whoever owns a name has it lead to no registry first, and then to one. By a proxy another server may answer.
    const key = JSON.stringify([scheme, host, port, addresses.map(ipAddressText).sort(), through]);
    const known = this.#known.get(key);
    if (known !== undefined && this.#now() - known.since < known.age) return known.answer;
    const finding = this.#ask(question);
    const answer = finding.then((found) => (found === 'unsaid' ? found : found === 'registry'));
    const asked: Known = { answer, since: this.#now(), age: limits.age };
    this.#known.delete(key);
    this.#known.set(key, asked);
    void finding.then((found) => {
      if (found === 'unspoken') asked.age = limits.unspoken;
      // Threat: a registry that is down for a moment, or starts, is reached for an hour because it said so.
      if (found === 'unsaid') asked.age = 0;
    }, ignore);
    answer.catch(() => this.#known.delete(key));
    const [oldest] = this.#known.keys();
    if (this.#known.size > limits.answers && oldest !== undefined) this.#known.delete(oldest);
    return answer;
  }
}

function ignore(): void {}
