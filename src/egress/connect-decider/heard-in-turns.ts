import { Duplex, pipeline, Transform } from 'node:stream';
import { setImmediate as nextRound } from 'node:timers/promises';

/** Does this at somebody's turn. */
export type Turn = (work: () => Promise<void>) => unknown;

/** Bytes a server may greet with. Chains of real ones are a quarter of it at most. */
const longestGreeting = 32 << 10;

/**
 * A connection to a server, of which one piece of what that says is heard at a turn, and no more of its greeting than there is of a real one's.
 *
 * Threat: OpenSSL verifies a chain of certificates also for who does not want to know. No key in it need be anybody's: with an RSA exponent as long as the modulus each certificate takes 5 ms of the processor, and those in the 100 kB that OpenSSL reads a third of a second.
 */
export class HeardInTurns {
  readonly stream: Duplex;
  #left = longestGreeting;

  constructor(plain: Duplex, turn: Turn) {
    const heard = new Transform({
      transform: (chunk: Buffer, _encoding, done) => {
        this.#left -= chunk.length;
        if (this.#left < 0) {
          done(new Error('what it greets with is too long'));
          return;
        }
        turn(async () => {
          done(null, chunk);
          // What is done about it is over then.
          await nextRound();
        });
      },
    });
    pipeline(plain, heard, ignore);
    this.stream = Duplex.from({ readable: heard, writable: plain }).on('error', ignore);
  }

  /** What comes from now on is no greeting. */
  greeted(): void {
    this.#left = Infinity;
  }
}

/** What goes wrong is told to whoever reads; without a listener it would be the thread's end. */
function ignore(): void {}
