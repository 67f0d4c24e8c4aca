import type { Duplex } from 'node:stream';
import { BulkheadError } from '../common/errors/bulkhead-error.js';

/**
 * The bytes of an HTTP/2 stream up to its end; a stream that is cut throws instead of ending, its own error or
 * BH_CHANNEL_ABORTED. Not `for await` over the stream itself, nor `pipeline`: Node 24.21 takes a stream that
 * both sides have ended for cut short while its last bytes are still unread.
 */
export async function* chunksOf(stream: Duplex): AsyncGenerator<Buffer, void, undefined> {
  let wake: (() => void) | undefined;
  const notify = (): void => wake?.();
  stream.on('readable', notify).on('end', notify).on('close', notify);
  try {
    for (;;) {
      const { promise, resolve } = Promise.withResolvers<void>();
      wake = resolve;
      const chunk: unknown = stream.read();
      if (Buffer.isBuffer(chunk)) yield chunk;
      else if (stream.readableEnded) return;
      else if (stream.destroyed) throw stream.errored ?? new BulkheadError('BH_CHANNEL_ABORTED');
      else await promise;
    }
  } finally {
    stream.off('readable', notify).off('end', notify).off('close', notify);
  }
}
