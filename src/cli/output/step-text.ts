/** "0.4 s", "12 s": tenths only where they say something. */
export function seconds(ms: number): string {
  return ms < 9_950 ? `${(ms / 1000).toFixed(1)} s` : `${Math.round(ms / 1000)} s`;
}

/** The line that stays when a step is over. */
export function describeEnd(name: string, outcome: 'done' | 'failed', ms: number, detail?: string): string {
  const what = outcome === 'failed' ? 'failed' : (detail ?? 'done');
  return `${name}: ${what} (${seconds(ms)})`;
}

/** Cuts a line to the width of the terminal: a line that wraps cannot be redrawn in place. */
export function fit(line: string, columns: number): string {
  return line.length < columns ? line : `${line.slice(0, Math.max(0, columns - 4))}...`;
}
