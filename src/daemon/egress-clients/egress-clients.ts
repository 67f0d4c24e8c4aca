import { once } from 'node:events';
import type { Duplex } from 'node:stream';
import { z } from 'zod';
import type { ConnectionDecision } from '../../common/audit-event.js';
import { orNothing } from '../../common/cause.js';
import type { Clock } from '../../common/clock.js';
import type { EgressClient } from '../../common/egress-clients.js';
import { leftOutSchema } from '../../common/left-out.js';
import { readLines } from '../../common/line-reader.js';
import type { Logger } from '../../common/log.js';
import type { Learnt, PulledFacts } from '../../common/pulled-image.js';
import type { EngineClient } from '../engine/engine-client.js';
import type { ContainerRecord } from '../socket-mount/container-record.js';
import { readAttachments } from './attachments.js';
import { type ClientLines, clientLines, difference, withoutAddresses } from './client-lines.js';
import { type ContainerFacts, readContainerFacts } from './container-facts.js';
import { toldDecision } from './told-decision.js';
import { toldPull } from './told-pull.js';

export interface EgressClientsOptions {
  readonly client: Pick<EngineClient, 'call' | 'follow'>;
  readonly recordOf: (id: string) => ContainerRecord | undefined;
  /** Takes what the gateway decided into the audit log. */
  readonly audit: (decision: ConnectionDecision) => void;
  /** So many lines there was no room for on the way. */
  readonly leftOut: (count: number) => void;
  /** Takes what the gateway saw pulled. Absent where the engine can go past a gateway. */
  readonly learn?: ((pulled: PulledFacts) => void) | undefined;
  readonly clock: Clock;
  readonly log: Pick<Logger, 'warn'>;
}

/** Bytes that wait for a host that does not read what it is answered. */
const mostUnread = 1 << 20;

/** Milliseconds after which an engine that did not answer is asked again. */
const againMs = 500;

const filters = {
  type: ['network', 'container'],
  event: ['connect', 'disconnect', 'create', 'destroy', 'rename'],
};
const eventSchema = z.discriminatedUnion('Action', [
  z.looseObject({ Action: z.literal('rename'), Actor: z.looseObject({ ID: z.string() }) }),
  z.looseObject({
    Action: z.literal('disconnect'),
    Actor: z.looseObject({ Attributes: z.looseObject({ container: z.string() }) }),
  }),
]);

/**
 * Says to the host who has which address in the engine's networks, while there is somebody who asks. The engine's events only say that something has changed: what there is, its networks are asked for.
 *
 * Threat: somebody is taken for who had the address before. So an engine that does not answer has nobody.
 */
export class EgressClients {
  readonly #options: EgressClientsOptions;
  readonly #facts = new Map<string, ContainerFacts>();
  #asking = 0;
  #following = false;
  #now: ClientLines;
  /** Containers that have left a network since the engine was asked last. */
  #left = new Set<string>();
  #changed = Promise.withResolvers<void>();
  #looking = false;
  #wanted = false;

  constructor(options: EgressClientsOptions) {
    this.#options = options;
  }

  /** Owns the host's stream. */
  async serve(stream: Duplex): Promise<void> {
    const gone = new AbortController();
    const closed = new Promise<void>((resolve) => {
      stream.once('close', () => {
        gone.abort();
        resolve();
      });
    });
    stream.on('error', () => undefined);
    void readLines(stream, (line) => this.#hearHost(line, stream)).then(() => stream.end());
    this.#asking += 1;
    if (!this.#following) void this.#follow();
    let told: ClientLines;
    try {
      while (!gone.signal.aborted) {
        const changed = this.#changed.promise;
        const now = this.#now;
        for (const line of difference(told, now))
          if (!stream.write(`${line}\n`)) await once(stream, 'drain', { signal: gone.signal });
        told = now;
        await Promise.race([changed, closed]);
      }
    } catch {
      // The host has gone, or has begun anew.
    } finally {
      stream.destroy();
      this.#asking -= 1;
      this.#tell(this.#now);
    }
  }

  /** The host's gateway says what it decided, and what it saw pulled; how much it could not say, as well. A line that is none of these is lost. */
  #hearHost(line: string, stream: Duplex): void {
    const decision = toldDecision(line);
    if (decision !== undefined) {
      this.#options.audit(decision);
      return;
    }
    const leftOut = leftOutSchema.safeParse(orNothing((): unknown => JSON.parse(line))).data;
    if (leftOut !== undefined) {
      this.#options.leftOut(leftOut.count);
      return;
    }
    const { learn } = this.#options;
    const pulled = learn === undefined ? undefined : toldPull(line);
    if (learn === undefined || pulled === undefined) return;
    const { kind: _, number, ...facts } = pulled;
    learn(facts);
    const learnt: Learnt = { kind: 'learnt', number };
    if (stream.writable && stream.writableLength < mostUnread) stream.write(`${JSON.stringify(learnt)}\n`);
  }

  /** Steps of builds come without an event; they are in their network before they are planned. */
  planned(): void {
    if (this.#asking > 0) this.#look();
  }

  #tell(now: ClientLines): void {
    this.#now = now;
    this.#changed.resolve();
    this.#changed = Promise.withResolvers();
  }

  async #follow(): Promise<void> {
    const { client, clock } = this.#options;
    this.#following = true;
    while (this.#asking > 0) {
      const over = new AbortController();
      try {
        const { ended } = await client.follow(filters, (line) => this.#hear(line), over.signal);
        this.#look();
        const nobodyAsks = async (): Promise<void> => {
          while (this.#asking > 0) await this.#changed.promise;
        };
        await Promise.race([ended, nobodyAsks()]);
      } catch {
        // It does not answer yet, or not any more.
      }
      over.abort();
      this.#facts.clear();
      this.#tell(undefined);
      if (this.#asking > 0) await clock.sleep(againMs);
    }
    this.#following = false;
  }

  #hear(line: string): void {
    const event = eventSchema.safeParse(orNothing((): unknown => JSON.parse(line))).data;
    if (event?.Action === 'rename') this.#facts.delete(event.Actor.ID);
    if (event?.Action === 'disconnect') this.#leave(event.Actor.Attributes.container);
    this.#look();
  }

  /** Threat: whoever starts next has its address, and an engine with much to do says so late. So it has none until the engine has been asked. */
  #leave(container: string): void {
    this.#left.add(container);
    this.#tell(withoutAddresses(this.#now, this.#left));
  }

  #look(): void {
    this.#wanted = true;
    if (!this.#looking) void this.#lookWhileWanted();
  }

  async #lookWhileWanted(): Promise<void> {
    const { clock, log } = this.#options;
    this.#looking = true;
    while (this.#wanted && this.#asking > 0) {
      this.#wanted = false;
      this.#left = new Set();
      try {
        const lines = clientLines(await this.#read());
        this.#tell(withoutAddresses(lines, this.#left));
      } catch (error) {
        log.warn({ err: error }, 'the engine does not say who has which address: nothing of theirs gets out');
        this.#tell(undefined);
        this.#wanted = true;
        await clock.sleep(againMs);
      }
    }
    this.#looking = false;
  }

  async #read(): Promise<EgressClient[]> {
    const { containers, builds } = await readAttachments(this.#options.client);
    for (const id of this.#facts.keys()) if (!containers.has(id)) this.#facts.delete(id);
    const known = await Promise.all(
      [...containers].map(async ([id, addresses]): Promise<EgressClient[]> => {
        const facts = this.#facts.get(id) ?? (await this.#readFacts(id));
        if (facts === undefined) return [];
        this.#facts.set(id, facts);
        return [{ kind: 'container', id, ...facts, addresses: [...addresses] }];
      }),
    );
    return [...known.flat(), { kind: 'builds', addresses: [...builds] }];
  }

  async #readFacts(id: string): Promise<ContainerFacts | undefined> {
    return readContainerFacts(id, this.#options.client, this.#options.recordOf);
  }
}
