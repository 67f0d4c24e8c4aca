import { parseIpAddress } from '../../common/ip-address.js';
import {
  clientKey,
  type Connection,
  type ConnectDecision,
  type ConnectPolicy,
  decideConnection,
  type Permission,
  type Target,
  type Who,
} from '../connect-access/index.js';
import { undecided } from '../connect-access/refusals.js';
import { registriesCount } from '../connect-access/registry-barrier.js';
import { NameMemory } from '../name-memory/index.js';
import { answerQuestion } from './answer-question.js';
import { askAtAddresses } from './ask-at-addresses.js';
import { addressesOf, type FoundAddresses, madeTo } from './destination.js';
import type { ConnectFacts, WantedConnection } from './facts.js';
import { type Beginning, FirstOf } from './first-of.js';
import {
  type ConnectVerdict,
  type MadeConnection,
  refused,
  type RefusedConnection,
  sameWay,
} from './verdict.js';

/** How long a client that could speak first is waited for, and one that has begun; milliseconds. */
const patience = { serverFirst: 300, bytes: 10_000, silent: 60_000 } as const;
/** Every question is asked once at most. */
const mostSteps = 8;

interface Course {
  readonly first: FirstOf;
  readonly signal: AbortSignal;
  readonly found: FoundAddresses;
}

/** Decides about each connection: asks the world what the rules ask for, in the order they do, and no more. */
export class ConnectDecider {
  readonly #policy: ConnectPolicy;
  readonly #facts: ConnectFacts;
  readonly #deciding: { readonly policy: ConnectPolicy; readonly facts: ConnectFacts };
  readonly #memory = new NameMemory();

  constructor(policy: ConnectPolicy, facts: ConnectFacts) {
    this.#policy = policy;
    this.#facts = facts;
    this.#deciding = { policy, facts };
  }

  /** @param first what is known already of what the client has sent. */
  async decide(
    { from, to, peek }: WantedConnection,
    signal: AbortSignal,
    first = new FirstOf(peek),
  ): Promise<ConnectVerdict> {
    const [who, address] = [this.#facts.whoIs(from.address), parseIpAddress(to.address)];
    if (who === undefined || address === undefined) return this.#nobody(from.address);
    const names = this.#memory.namesOf(clientKey(who), address, this.#facts.now());
    return this.#go({ who, address, port: to.port, names }, { first, signal, found: new Map() });
  }

  /** The answer to a question for names, as it goes back; undefined where there is none. */
  async answer(
    {
      from,
      question,
      byStream = false,
    }: {
      readonly from: { readonly address: string };
      readonly question: Uint8Array;
      /** Whatever the question says, the answer may be as long as it is. */
      readonly byStream?: boolean;
    },
    signal: AbortSignal,
  ): Promise<Buffer | undefined> {
    const who = this.#facts.whoIs(from.address);
    if (who === undefined) return undefined;
    return answerQuestion(
      { ...this.#deciding, memory: this.#memory },
      who,
      { bytes: question, byStream },
      signal,
    );
  }

  /** A client that is gone leaves nothing to whoever has its address next. */
  forget(who: Who): void {
    this.#memory.forget(clientKey(who));
  }

  async #go(begun: Connection, course: Course): Promise<ConnectVerdict> {
    let connection = begun;
    for (let step = 0; step < mostSteps; step += 1) {
      const decision = this.#orLook(connection, decideConnection(this.#policy, connection));
      if (decision.kind === 'refuse') return refused(decision.refusal);
      if (decision.kind === 'permit') return this.#permit(connection, decision, course);
      if (decision.kind === 'look' && decision.dial !== undefined && connection.first === undefined) {
        const early = await course.first.within(patience.serverFirst, course.signal);
        if (early.waited && early.first.kind === 'more' && early.first.like === 'anything')
          return this.#held(connection, decision.dial, course);
      }
      const learnt = await this.#learn(connection, decision, course);
      if ('reason' in learnt) return learnt;
      connection = { ...connection, ...learnt };
    }
    return refused(undecided(this.#policy));
  }

  /** What is let through by its address alone may go another way by the name that is asked for there. */
  #orLook(connection: Connection, decision: ConnectDecision): ConnectDecision {
    if (decision.kind !== 'permit' || connection.first !== undefined) return decision;
    return this.#facts.wayByName?.(connection) === true ? { kind: 'look', dial: decision.target } : decision;
  }

  /** What the decision asks for. */
  async #learn(
    connection: Connection,
    decision: Exclude<ConnectDecision, { kind: 'permit' | 'refuse' }>,
    course: Course,
  ): Promise<Partial<Connection> | RefusedConnection> {
    const { who, address } = connection;
    switch (decision.kind) {
      case 'look':
        return course.first.within(patience.bytes, course.signal);
      case 'resolve': {
        const { addresses, ttl } = await this.#facts.resolve(decision.name, address);
        this.#memory.remember(clientKey(who), decision.name, addresses, ttl, this.#facts.now());
        return { resolved: { name: decision.name, addresses } };
      }
      case 'ask-registry':
        return askAtAddresses(this.#deciding, connection, decision, course);
    }
  }

  async #permit(
    connection: Connection,
    { target }: Pick<Permission, 'target'>,
    course: Course,
  ): Promise<MadeConnection | RefusedConnection> {
    const dialled = await addressesOf(this.#deciding, connection, target, course.found);
    return 'kind' in dialled ? dialled : madeTo(this.#deciding, connection, target, dialled);
  }

  /** Where the client says something after all, it is decided then, and must come to the same destination by the same way. */
  async #held(connection: Connection, target: Target, course: Course): Promise<ConnectVerdict> {
    const { first, signal, found } = course;
    const addresses = await addressesOf(this.#deciding, connection, target, found);
    if ('kind' in addresses) return addresses;
    // Which of several was connected to nobody says, and it may have to be asked yet.
    if (target.kind === 'name' && registriesCount(this.#policy, connection.who))
      found.set(target.name, addresses.slice(0, 1));
    const verdict = await this.#permit(connection, { target }, course);
    if (verdict.kind === 'refuse') return verdict;
    const rest = async (): Promise<MadeConnection | RefusedConnection> => {
      let beginning: Beginning = { first: { kind: 'more', like: 'anything' }, waited: true };
      while (beginning.first.kind === 'more' && beginning.first.like === 'anything') {
        signal.throwIfAborted();
        if (first.silent) return verdict;
        beginning = await first.within(patience.silent, signal);
      }
      const later = await this.#go({ ...connection, ...beginning }, course);
      if (later.kind === 'refuse') return later;
      if (later.kind !== 'held' && sameWay(later, verdict)) return later;
      return refused(undecided(this.#policy));
    };
    return { kind: 'held', now: verdict, rest };
  }

  #nobody(address: string): ConnectVerdict {
    return refused({ code: 'BH_NETWORK_UNKNOWN', params: { address, contact: this.#policy.contact } });
  }
}
