import { constants, type Http2Stream } from 'node:http2';
import { BulkheadError } from '../common/errors/bulkhead-error.js';

/**
 * Makes an HTTP/2 stream keep the rule that an abort never looks like an end. As Node has it (24.21),
 *
 * - `destroy()` without an error sends RST_STREAM with NO_ERROR, which the other side reports as an orderly end;
 * - `close(code)` ends the writable side first, so END_STREAM goes out before RST_STREAM;
 * - a stream that is cancelled emits `end` before `close`;
 *
 * and a cut `docker save` would pass for a whole one. Here every `destroy()` before the end sends
 * INTERNAL_ERROR alone, and every stream that did not end by itself, at whichever side, emits `error`
 * (BH_CHANNEL_ABORTED where there is no better reason) and never `end`. Nobody is forced to listen to it. Only a
 * `destroy()` after everything sent was ended in order sends NO_ERROR: the other side keeps what it has got, as
 * RFC 9113 section 8.1 wants it, and can send no more.
 */
export function abortableStream<Stream extends Http2Stream>(stream: Stream): Stream {
  const destroy = stream.destroy.bind(stream);
  // Node calls this method itself when the other side has reset the stream.
  stream.destroy = (error?: Error) => {
    const sentAll = stream.writableFinished && error === undefined;
    if (sentAll && !stream.closed && !stream.destroyed) stream.close(constants.NGHTTP2_NO_ERROR);
    const complete = stream.closed && stream.rstCode === constants.NGHTTP2_NO_ERROR;
    destroy(error ?? (complete || stream.destroyed ? undefined : new BulkheadError('BH_CHANNEL_ABORTED')));
    return stream;
  };
  stream.on('error', () => undefined);
  return stream;
}
