/** Where a command writes. Results go to `out`, everything said on the way to `err`, so that a pipe gets the result alone. */
export interface Terminal {
  out(text: string): void;
  err(text: string): void;
  /** A person watches `err`: lines may be redrawn. */
  readonly interactive: boolean;
  readonly columns: number;
}

export function processTerminal(): Terminal {
  return {
    out: (text) => void process.stdout.write(text),
    err: (text) => void process.stderr.write(text),
    interactive: process.stderr.isTTY && process.env['TERM'] !== 'dumb',
    // A pseudo-terminal that nobody gave a size says 0.
    columns: Math.max(process.stderr.columns ?? 80, 40),
  };
}
