import { Writable } from 'node:stream';
import type { Journal } from './journal.js';

/** The daemon's own log goes into the journal beside those of its services. */
export function journalStream(service: string, journal: Journal): Writable {
  return new Writable({
    decodeStrings: false,
    write(chunk: string | Buffer, _encoding, done) {
      journal.append({ service, text: mark(service, String(chunk).trimEnd()) });
      done();
    },
  });
}

/** pino writes one JSON object a line; `service` goes first, as in the lines of the other services. */
function mark(service: string, line: string): string {
  return `{"service":${JSON.stringify(service)},${line.slice(1)}`;
}
