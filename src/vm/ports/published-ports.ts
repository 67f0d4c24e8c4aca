import { messageOf } from '../../common/cause.js';
import type { Clock } from '../../common/clock.js';
import type { Logger } from '../../common/log.js';
import {
  mostPublished,
  portKey,
  type PortAnswer,
  type PortRequest,
  type PublishedPort,
} from '../../common/ports.js';
import type { PortBindingBehavior } from '../../policy/index.js';
import type { HostPort, StopListening } from './listen-on-host.js';
import { refusalOf } from './may-listen.js';

export interface PublishedPortsParts {
  readonly listen: (port: HostPort) => Promise<StopListening>;
  readonly portBinding: PortBindingBehavior;
  readonly clock: Pick<Clock, 'sleep'>;
  readonly logger: Pick<Logger, 'warn'>;
}

interface Held {
  readonly port: HostPort;
  readonly stop: StopListening;
  /** Whether the present session of the guest has asked for it. */
  isClaimed: boolean;
}

/** Milliseconds a guest has to say, after its daemon was started again, which of its ports are still leased; each publish-port comes back within seconds. */
export const claimMs = 60_000;

/**
 * What was asked for in a session that has ended, and not begun. Threat: a guest that begins one session after the other would have the host do, and remember, what all of
 * them asked for; and a port nobody leases any more would count as claimed by the present one.
 */
const endedSession = 'the session in which it was asked for has ended';

/**
 * The ports of the host that lead to the VM. They stay when a session with the guest ends, because its containers do; what the next one does not ask for
 * again within a minute is taken back.
 */
export class PublishedPorts {
  readonly #parts: PublishedPortsParts;
  readonly #held = new Map<string, Held>();
  readonly #over = new AbortController();
  /** One change after the other: two requests may name the same port. */
  #last: Promise<unknown> = Promise.resolve();
  #session = 0;

  constructor(parts: PublishedPortsParts) {
    this.#parts = parts;
  }

  list(): readonly PublishedPort[] {
    return [...this.#held.values()].map(({ port: { protocol, address, port } }) => ({
      protocol,
      address,
      port,
    }));
  }

  /** A session of the guest begins. */
  begin(): void {
    const session = ++this.#session;
    for (const held of this.#held.values()) held.isClaimed = false;
    void this.#parts.clock.sleep(claimMs, this.#over.signal).then(
      () => {
        this.#takeBackUnclaimed(session);
      },
      () => undefined,
    );
  }

  /** Does not reject. */
  carryOut(request: PortRequest): Promise<PortAnswer> {
    const { ask, protocol, guestPort } = request;
    const session = this.#session;
    const done = this.#last.then(async () => {
      const error = await (ask === 'release'
        ? this.#release(portKey(request))
        : session === this.#session
          ? this.#publish(request)
          : endedSession);
      return { ask, protocol, guestPort, ...(error === undefined ? {} : { error }) };
    });
    this.#last = done;
    return done;
  }

  /** The VM is gone, and QEMU's ports with it; those of the controller are given back. */
  async close(): Promise<void> {
    this.#over.abort();
    await this.#last;
    for (const key of this.#held.keys()) await this.#release(key);
  }

  async #publish(wanted: HostPort): Promise<string | undefined> {
    const { protocol, guestPort, address, port } = wanted;
    const key = portKey(wanted);
    const held = this.#held.get(key);
    if (held?.port.address === address && held.port.port === port) {
      held.isClaimed = true;
      return undefined;
    }
    const kept = held === undefined ? undefined : await this.#release(key);
    if (kept !== undefined) return kept;
    const refusal = refusalOf(address, this.#parts.portBinding);
    if (refusal !== undefined) return refusal;
    if (this.#held.size >= mostPublished)
      return `the host listens on ${mostPublished} ports already, as many as there may be at once`;
    try {
      const asked = { protocol, guestPort, address, port };
      const stop = await this.#parts.listen(asked);
      this.#held.set(key, { port: asked, stop, isClaimed: true });
      return undefined;
    } catch (cause) {
      return messageOf(cause);
    }
  }

  /** What can't be released is still held, and told of: the host listens there. */
  async #release(key: string): Promise<string | undefined> {
    try {
      await this.#held.get(key)?.stop();
      this.#held.delete(key);
      return undefined;
    } catch (cause) {
      return messageOf(cause);
    }
  }

  #takeBackUnclaimed(session: number): void {
    this.#last = this.#last.then(async () => {
      // Another may have begun since, which has not asked for anything yet.
      if (session !== this.#session) return;
      for (const [key, { isClaimed, port }] of this.#held) {
        if (isClaimed) continue;
        this.#parts.logger.warn({ port }, 'a published port nobody asked for again was taken back');
        await this.#release(key);
      }
    });
  }
}
