import type { Duplex } from 'node:stream';
import { setImmediate as turn } from 'node:timers/promises';

/** Milliseconds a client may say nothing. */
const patience = 10_000;
/** Threat: a client that asks and does not read. So many bytes of answers wait, and then it has gone. */
const mostWaiting = 256 * 1024;

/** Answers questions for names that come on a connection, each behind its length (RFC 7766), in their order; whoever asks what nobody answers is let go. */
export async function serveNames(
  stream: Duplex,
  answer: (question: Buffer) => Promise<Buffer | undefined>,
): Promise<void> {
  stream.on('error', () => undefined);
  const idle = setTimeout(() => stream.destroy(), patience);
  try {
    let begun: Buffer = Buffer.alloc(0);
    const chunks: AsyncIterable<Buffer> = stream.iterator({ destroyOnReturn: false });
    for await (const chunk of chunks) {
      begun = Buffer.concat([begun, chunk]);
      for (let question = take(begun); question !== undefined; question = take(begun)) {
        begun = begun.subarray(2 + question.length);
        const said = await answer(question);
        if (said === undefined || stream.writableLength > mostWaiting) return;
        const length = Buffer.alloc(2);
        length.writeUInt16BE(said.length);
        stream.write(Buffer.concat([length, said]));
        idle.refresh();
        // Threat: thousands of questions at once that are answered at once: nobody else had a turn until the last.
        await turn();
      }
    }
  } catch {
    // It broke off, or there is no answer: whoever asked asks again.
  } finally {
    clearTimeout(idle);
    // What was answered goes out, and the other side has no more to say that counts.
    stream.end(() => stream.destroy());
  }
}

function take(bytes: Buffer): Buffer | undefined {
  if (bytes.length < 2) return undefined;
  const length = bytes.readUInt16BE(0);
  return bytes.length < 2 + length ? undefined : bytes.subarray(2, 2 + length);
}
