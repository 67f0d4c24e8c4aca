import { Duplex } from 'node:stream';
import { setImmediate as nextRound } from 'node:timers/promises';

/** Does this at somebody's turn. */
export type Turn = (work: () => Promise<void>) => unknown;

/** Bytes a server may greet with. Chains of real ones are a quarter of it at most. */
const longestGreeting = 32 << 10;
/** Bytes that may wait to be heard before no more is read. */
const mostUnheard = 64 << 10;

/**
 * A connection to a server, of which one piece of what that says is heard at a turn, and no more of its greeting than there is of a real one's. How it ends is told behind all that was said before.
 *
 * Threat: OpenSSL verifies a chain of certificates also for who does not want to know. No key in it need be anybody's: with an RSA exponent as long as the modulus each certificate takes 5 ms of the processor, and those in the 100 kB that OpenSSL reads a third of a second.
 * Threat: who has its own turns taken hears a registry late, and where that has cut the connection by then it would have said nothing.
 */
export class HeardInTurns extends Duplex {
  readonly #plain: Duplex;
  readonly #turn: Turn;
  #left = longestGreeting;
  #unheard: Buffer[] = [];
  #isHearing = false;
  #isWanted = false;
  #end: { readonly error: Error | undefined } | undefined;

  constructor(plain: Duplex, turn: Turn) {
    super();
    this.#plain = plain;
    this.#turn = turn;
    this.on('error', ignore);
    plain.on('data', (piece: Buffer) => this.#take(piece));
    plain.on('end', () => this.#over(undefined));
    plain.on('error', (error) => this.#over(error));
    plain.on('close', () => this.#over(new Error('it was closed')));
  }

  /** What comes from now on is no greeting. */
  greeted(): void {
    this.#left = Infinity;
  }

  override _read(): void {
    this.#isWanted = true;
    this.#hear();
  }

  /** What can't be sent any more is no error: that comes behind what is there to hear. */
  override _write(piece: Buffer, _encoding: BufferEncoding, done: () => void): void {
    if (this.#plain.writable) this.#plain.write(piece, () => done());
    else done();
  }

  override _final(done: () => void): void {
    this.#plain.end(() => done());
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.#plain.destroy();
    done(error);
  }

  #take(piece: Buffer): void {
    this.#left -= piece.length;
    if (this.#left < 0) {
      this.destroy(new Error('what it greets with is too long'));
      return;
    }
    this.#unheard.push(piece);
    if (this.#unheardBytes() > mostUnheard) this.#plain.pause();
    this.#hear();
  }

  #over(error: Error | undefined): void {
    // Threat: what was not read yet is lost, and may have been a registry's word. Without a code it is no server's that says nothing.
    const isLost = error !== undefined && (this.#plain.isPaused() || isOfWriting(error));
    this.#end ??= {
      error: isLost ? new Error('it broke off before all was heard', { cause: error }) : error,
    };
    this.#hear();
  }

  #hear(): void {
    if (this.#isHearing || !this.#isWanted || this.destroyed) return;
    if (this.#unheard.length > 0) {
      this.#isHearing = true;
      this.#turn(async () => this.#hearOne());
    } else if (this.#end !== undefined) {
      if (this.#end.error === undefined) this.push(null);
      else this.destroy(this.#end.error);
    }
  }

  async #hearOne(): Promise<void> {
    this.#isWanted = false;
    const piece = this.#unheard.shift();
    if (!this.destroyed) this.push(piece);
    if (this.#unheardBytes() <= mostUnheard) this.#plain.resume();
    // What is done about it is over then.
    await nextRound();
    this.#isHearing = false;
    this.#hear();
  }

  #unheardBytes(): number {
    return this.#unheard.reduce((bytes, { length }) => bytes + length, 0);
  }
}

/** Node ends a socket by it, and reads no more of it. */
function isOfWriting(error: Error): boolean {
  return 'syscall' in error && error.syscall === 'write';
}

/** What goes wrong is told to whoever reads; without a listener it would be the thread's end. */
function ignore(): void {}
