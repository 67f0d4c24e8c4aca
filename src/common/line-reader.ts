import type { Readable } from 'node:stream';
import { StringDecoder } from 'node:string_decoder';

/** Longest line kept, in UTF-16 units; the rest of a longer one is dropped, so that a guest or a service cannot fill our memory. */
export const maxLineLength = 64 * 1024;

/**
 * Calls `onLine` for each complete line of the stream, and for an unfinished last one. Errors of the stream just end it.
 *
 * @param longest as `maxLineLength`.
 */
export function readLines(
  stream: Readable,
  onLine: (line: string) => void,
  longest = maxLineLength,
): Promise<void> {
  const decoder = new StringDecoder('utf8');
  let pending = '';
  const take = (text: string): void => {
    const lines = text.split('\n');
    pending = (pending + (lines[0] ?? '')).slice(0, longest);
    for (const next of lines.slice(1)) {
      if (pending !== '') onLine(pending);
      pending = next.slice(0, longest);
    }
  };
  stream.on('data', (chunk: Buffer) => take(decoder.write(chunk)));
  return new Promise((resolve) => {
    const end = (): void => {
      if (pending !== '') onLine(pending);
      pending = '';
      resolve();
    };
    // `close` alone for one that breaks, `end` alone for one whose other direction is still open.
    stream.once('end', end).once('close', end);
    // Without a listener an ECONNRESET of a killed QEMU would end the controller.
    stream.on('error', () => undefined);
  });
}
