import { BulkheadError } from '../../common/errors/bulkhead-error.js';
import { type IpAddress, ipAddressText, parseIpAddress } from '../../common/ip-address.js';
import {
  addressKind,
  clientKey,
  type Connection,
  type ConnectDecision,
  type ConnectPolicy,
  decideConnection,
  hostDialled,
  judge,
  type Permission,
  type Refusal,
  type Target,
  type Who,
} from '../connect-access/index.js';
import { undecided } from '../connect-access/refusals.js';
import { registriesCount } from '../connect-access/registry-barrier.js';
import { NameMemory } from '../name-memory/index.js';
import type { DialTarget, Hop } from '../upstream-proxy/index.js';
import { askedOfProxy } from './asked-of-proxy.js';
import { answerQuestion } from './answer-question.js';
import type { ConnectFacts, WantedConnection } from './facts.js';
import { type Beginning, FirstOf } from './first-of.js';
import { wayOf } from './way-of.js';

/** Where a connection goes: the destination's addresses, tried one after the other, and what it was allowed as. */
interface Destination {
  readonly dial: readonly { readonly address: string; readonly port: number }[];
  readonly target: Target;
}

/** What is done with a connection at once. Kinds of their own, so that nobody takes one that goes by a proxy, or is held, for one that may be made. */
export type MadeConnection =
  | (Destination & { readonly kind: 'permit' })
  /** Along these ways, not directly; a proxy is asked for `ask`. */
  | (Destination & {
      readonly kind: 'through';
      readonly hops: readonly [Hop, ...Hop[]];
      readonly ask: DialTarget;
    });

export interface RefusedConnection {
  readonly kind: 'refuse';
  readonly reason: string;
  readonly error: BulkheadError;
}

export type ConnectVerdict =
  | MadeConnection
  | RefusedConnection
  /** The server may speak first, and is connected to at once: what it says is handed on, and nothing of the client's before `rest` says the same again. */
  | {
      readonly kind: 'held';
      readonly now: MadeConnection;
      readonly rest: () => Promise<MadeConnection | RefusedConnection>;
    };

/** How long a client that could speak first is waited for, and one that has begun; milliseconds. */
const patience = { serverFirst: 300, bytes: 10_000, silent: 60_000 } as const;
/** Every question is asked once at most. */
const mostSteps = 8;

interface Course {
  readonly first: FirstOf;
  readonly signal: AbortSignal;
  /**
   * What is connected to, by name. Threat: whoever owns a name gives it the address of a site while it is asked whether it is a registry, and that of one right after; or both, of which the
   * site answers and takes no connection then. So a name is looked up once for a connection, and where it was asked, the address that answered is the only one.
   */
  readonly found: Map<string, readonly IpAddress[]>;
}

type Question = Extract<ConnectDecision, { kind: 'ask-registry' }>;

/** Decides about each connection: asks the world what the rules ask for, in the order they do, and no more. */
export class ConnectDecider {
  readonly #policy: ConnectPolicy;
  readonly #facts: ConnectFacts;
  readonly #memory = new NameMemory();

  constructor(policy: ConnectPolicy, facts: ConnectFacts) {
    this.#policy = policy;
    this.#facts = facts;
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
      { policy: this.#policy, facts: this.#facts, memory: this.#memory },
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
        return this.#askRegistry(connection, decision, course);
    }
  }

  /** At one address after the other, until one answers. */
  async #askRegistry(
    connection: Connection,
    { scheme, hosts, port, target }: Question,
    course: Course,
  ): Promise<Partial<Connection> | RefusedConnection> {
    // Threat: an address that nobody may connect to is asked for the sake of a name that has it as well.
    const addresses = await this.#addressesOf(connection, target, course);
    if ('kind' in addresses) return addresses;
    let failure: unknown;
    let isUnsaid = false;
    for (const asked of addresses.length === 0 ? [[]] : addresses.map((address) => [address])) {
      course.signal.throwIfAborted();
      const made = await this.#made(connection, target, asked);
      if (made.kind === 'refuse') return made;
      const through = made.kind === 'through' ? { through: { hops: made.hops, ask: made.ask } } : {};
      try {
        const question = { scheme, port, addresses: asked, ...through };
        const answers = hosts.map((host) => this.#facts.isRegistry({ ...question, host }, course.signal));
        const said = await Promise.all(answers);
        const isRegistry = said.includes(true) || (said.includes('unsaid') ? 'unsaid' : false);
        if (isRegistry === 'unsaid' && made.kind !== 'through') {
          // Another of its servers may say it.
          isUnsaid = true;
          continue;
        }
        if (target.kind === 'name') course.found.set(target.name, asked);
        return { isRegistry };
      } catch (error) {
        // Where a proxy finds the address itself, no other is asked by another.
        if (made.kind === 'through') throw error;
        failure = error;
      }
    }
    if (isUnsaid) return { isRegistry: 'unsaid' };
    throw failure;
  }

  async #permit(
    connection: Connection,
    { target }: Pick<Permission, 'target'>,
    course: Course,
  ): Promise<MadeConnection | RefusedConnection> {
    const dialled = await this.#addressesOf(connection, target, course);
    return 'kind' in dialled ? dialled : this.#made(connection, target, dialled);
  }

  /** By the way out the policy says. */
  async #made(
    connection: Connection,
    target: Target,
    dialled: readonly IpAddress[],
  ): Promise<MadeConnection | RefusedConnection> {
    const { who, port } = connection;
    const dial = dialled.map((address) => ({ address: ipAddressText(address), port }));
    const { wayOut, resolve } = this.#facts;
    if (wayOut === undefined) return { kind: 'permit', dial, target };
    const address = dialled[0] ?? connection.address;
    const way = await wayOf({ wayOut, resolve }, connection, { target, address });
    if (way.kind === 'refuse') return refused(way.refusal);
    // Refused by that it is refused; but no proxy out there has this machine's loopback.
    if (target.kind === 'host') return { kind: 'permit', dial, target };
    const { hops } = way;
    const isDirect = hops.length === 1 && hops[0].kind === 'direct';
    if (isDirect) return { kind: 'permit', dial, target };
    return { kind: 'through', dial, target, hops, ask: askedOfProxy(this.#policy, who, target, address) };
  }

  /** Threat: a name that had a public address when it was decided has a private one when it is dialled. So each address is judged again, and the client's own comes first. */
  async #addressesOf(
    connection: Connection,
    target: Target,
    { found }: Course,
  ): Promise<readonly IpAddress[] | RefusedConnection> {
    if (target.kind === 'address') return [target.address];
    if (target.kind === 'host') return [hostDialled];
    const known = found.get(target.name);
    if (known !== undefined) return known;
    const { who, port } = connection;
    const { addresses } = await this.#facts.resolve(target.name);
    const judged = addresses.map((address) => ({
      address,
      said: judge(this.#policy, { who, address, port }, target.name),
    }));
    const open = judged.flatMap(({ address, said }) =>
      said.kind === 'permit' && said.target.kind !== 'host' && addressKind(address) !== 'host'
        ? [address]
        : [],
    );
    const [denied] = judged.flatMap(({ said }) => (said.kind === 'refuse' ? [said.refusal] : []));
    if (open.length === 0 && denied !== undefined) return refused(denied);
    const own = ipAddressText(connection.address);
    open.sort((a, b) => Number(ipAddressText(b) === own) - Number(ipAddressText(a) === own));
    found.set(target.name, open);
    return open;
  }

  /** Where the client says something after all, it is decided then, and must come to the same destination by the same way. */
  async #held(connection: Connection, target: Target, course: Course): Promise<ConnectVerdict> {
    const { first, signal, found } = course;
    const addresses = await this.#addressesOf(connection, target, course);
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

function refused({ code, params }: Refusal): RefusedConnection {
  const error = new BulkheadError(code, params);
  return { kind: 'refuse', reason: error.message, error };
}

/** What is made already cannot be led another way by what the client says then. */
function sameWay(one: MadeConnection, other: MadeConnection): boolean {
  const hops = ({ kind, ...made }: MadeConnection): string =>
    JSON.stringify([kind, 'hops' in made ? made.hops : []]);
  return sameTarget(one.target, other.target) && hops(one) === hops(other);
}

function sameTarget(one: Target, other: Target): boolean {
  if (one.kind === 'host') return other.kind === 'host';
  if (one.kind === 'name') return other.kind === 'name' && one.name === other.name;
  return other.kind === 'address' && ipAddressText(one.address) === ipAddressText(other.address);
}
