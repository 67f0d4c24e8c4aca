import type { Terminal } from '../terminal.js';

/** Keeps what was written. */
export class RecordingTerminal implements Terminal {
  readonly interactive = false;
  readonly columns: number;
  written = '';

  constructor(columns = 80) {
    this.columns = columns;
  }

  out(text: string): void {
    this.written += text;
  }

  err(text: string): void {
    this.written += text;
  }
}
