import type { Readable } from 'node:stream';
import { readLines } from '../../common/line-reader.js';
import type { Journal } from './journal.js';

/** In UTF-16 units: a service that never ends its line must not be held in memory. */
const longestLine = 16_384;

/**
 * Puts a service's output into the journal. containerd and dockerd log JSON objects; whatever else comes (a Go panic,
 * a library's warning) is wrapped, so that every journal line is a JSON object with `service`.
 */
export function journalServiceOutput(service: string, output: Readable, journal: Journal): void {
  const append = (line: string): void => {
    journal.append({ service, text: toJournalText(service, line.replace(/\r$/, '')) });
  };
  void readLines(output, append, longestLine);
}

export function toJournalText(service: string, line: string): string {
  const fields = parseObject(line);
  return JSON.stringify(fields === null ? { service, level: 'info', msg: line } : { service, ...fields });
}

function parseObject(line: string): object | null {
  if (!line.startsWith('{')) return null;
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === 'object' && value !== null ? value : null;
  } catch {
    return null;
  }
}
