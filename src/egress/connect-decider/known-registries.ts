import { ipAddressText } from '../../common/ip-address.js';
import { ClientTurns } from '../client-turns.js';
import type { Asker, RegistryQuestion } from './facts.js';
import type { RegistryFinding } from './registry-finding.js';
import { SharedQuestion } from './shared-question.js';

/** For how long an answer is good, milliseconds, and how many are kept. */
const limits = { age: 3600 * 1000, unspoken: 10_000, answers: 4096 } as const;
/** Of questions, each of which has a socket for seconds where nobody answers: of one client as many as a page leads to at once. What waits are connections the relay has undecided, of which there are 2048, each with two names at most. */
const turnLimits = { atOnce: 256, ofClient: 8, waiting: 4096 } as const;

interface Known {
  readonly question: SharedQuestion<RegistryFinding>;
  /** As long as there is no answer it is waited for. */
  until: number;
}

/**
 * Whether a registry answers somewhere, asked once an hour; of questions at the same time only the first is asked. A failure is nobody's answer. Threat: who breaks off without a word may be a server before a registry that is
 * down for a moment: that is good for as long as it takes to ask again.
 */
export class KnownRegistries {
  readonly #ask: (question: RegistryQuestion, asker: Asker) => Promise<RegistryFinding>;
  readonly #now: () => number;
  readonly #known = new Map<string, Known>();
  readonly #turns = new ClientTurns(turnLimits);

  constructor(
    ask: (question: RegistryQuestion, asker: Asker) => Promise<RegistryFinding>,
    now: () => number,
  ) {
    this.#ask = ask;
    this.#now = now;
  }

  async isRegistry(question: RegistryQuestion, asker: Asker): Promise<boolean | 'unsaid'> {
    const { scheme, host, port, addresses, through } = question;
    // Threat: whoever owns a name has it lead to no registry first, and then to one. By a proxy another server may answer.
    const key = JSON.stringify([scheme, host, port, addresses.map(ipAddressText).sort(), through]);
    const shared = this.#good(key) ?? this.#begin(key, question);
    const found = await shared.answerFor(asker);
    return found === 'unsaid' ? found : found === 'registry';
  }

  #good(key: string): SharedQuestion<RegistryFinding> | undefined {
    const known = this.#known.get(key);
    return known === undefined || known.question.isLeft || this.#now() >= known.until
      ? undefined
      : known.question;
  }

  #begin(key: string, question: RegistryQuestion): SharedQuestion<RegistryFinding> {
    const shared = new SharedQuestion(this.#turns, async (asker) => this.#ask(question, asker));
    const known: Known = { question: shared, until: Infinity };
    this.#known.delete(key);
    this.#known.set(key, known);
    shared.answer.then(
      (found) => {
        known.until = this.#now() + ageOf(found);
      },
      () => {
        if (this.#known.get(key) === known) this.#known.delete(key);
      },
    );
    const [oldest] = this.#known.keys();
    if (this.#known.size > limits.answers && oldest !== undefined) this.#known.delete(oldest);
    return shared;
  }
}

function ageOf(found: RegistryFinding): number {
  if (found === 'unspoken') return limits.unspoken;
  // Threat: a registry that is down for a moment, or starts, is reached for an hour because it said so.
  return found === 'unsaid' ? 0 : limits.age;
}
