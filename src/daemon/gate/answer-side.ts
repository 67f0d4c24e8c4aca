import { bodyReader } from '../../gate/http/body-reader.js';
import { HeadReader, unreadable } from '../../gate/http/head-reader.js';
import { parseResponseHead, type ResponseHead } from '../../gate/http/response-head.js';
import type { Takeover } from '../../gate/takeover.js';
import { type ByteSource, ConnectionCut, writeAll } from './byte-source.js';
import { cappedHead, passCappedBody } from './capped-answer.js';
import { noPumps } from './body-pumps.js';
import type { BodyWatch, Exchange } from './exchange.js';
import { type Direction, passPieces } from './hand-over.js';

/** How an answer ended: at its own end, with the connection, or not at all because the engine took it over. */
export type AnswerEnd = 'whole' | 'closed' | 'taken-over';

/**
 * Passes on the answer to one request, byte by byte as it is but for the version of the API it may say, up to where it ends. Rejects with ConnectionCut, or with
 * `BH_GATE_HTTP` when the engine's answer can't be read.
 *
 * @param beforeFinal called once, before the client sees the first byte that is not of an interim answer, with the answer's status. Gives who is to be shown the body.
 */
export async function passAnswer(
  { request, operation, takeover }: Exchange,
  direction: Direction,
  beforeFinal: (status: number) => Promise<BodyWatch | undefined>,
): Promise<AnswerEnd> {
  const [engine, client] = [direction.from.source, direction.to.stream];
  for (;;) {
    const { bytes: sent, head } = await readHead(engine, request.method);
    const bytes = cappedHead(sent, head);
    // Interim (RFC 9110 section 15.2): the answer is still to come.
    if (head.status < 200 && head.status !== 101) {
      await writeAll(client, bytes);
      continue;
    }
    const watch = await beforeFinal(head.status);
    if (isTakenOver(head, takeover)) {
      await writeAll(client, bytes);
      return 'taken-over';
    }
    if (operation.id === 'SystemVersion' && head.status === 200)
      await passCappedBody(head, bytes, engine, client);
    else await passBody(head, bytes, direction, watch);
    return head.framing === undefined ? 'closed' : 'whole';
  }
}

async function readHead(
  engine: ByteSource,
  method: string,
): Promise<{ bytes: Buffer[]; head: ResponseHead }> {
  const reader = new HeadReader(0xff);
  const bytes: Buffer[] = [];
  for (;;) {
    const piece = await engine.next();
    if (piece === undefined) throw new ConnectionCut();
    const end = reader.push(piece);
    bytes.push(piece.subarray(0, end));
    if (end === undefined) continue;
    engine.putBack(piece.subarray(end));
    return { bytes, head: parseResponseHead(reader.lines(), method) };
  }
}

/** Bytes; a write of so many takes as long as a client needs to wake. */
const muchAtOnce = 16_384;

async function passBody(
  { framing }: ResponseHead,
  head: readonly Buffer[],
  direction: Direction,
  watch: BodyWatch | undefined,
): Promise<void> {
  const [engine, client] = [direction.from.source, direction.to.stream];
  const reader = bodyReader(framing);
  let pending = head;
  const next = async (): Promise<Buffer | undefined> => {
    // An engine may say long before the body that it is serving; but what came in one piece goes on in one.
    if (!engine.ready) {
      await writeAll(client, pending);
      pending = [];
    }
    const piece = await engine.next();
    if (piece === undefined && framing !== undefined) throw new ConnectionCut();
    return piece;
  };
  const pass = async (piece: Buffer): Promise<void> => {
    const { content, consumed } = reader.push(piece);
    watch?.(content);
    // Its client wakes and reads the head while the kernel copies the rest.
    if (piece.length > muchAtOnce) {
      await writeAll(client, pending);
      pending = [];
    }
    if (consumed === piece.length) await writeAll(client, [...pending, piece], () => engine.giveBack(piece));
    else {
      engine.putBack(piece.subarray(consumed));
      await writeAll(client, [...pending, piece.subarray(0, consumed)]);
    }
    pending = [];
  };
  // Of a body that is watched each piece comes by here, however large it is.
  const pumps = watch === undefined ? direction.pumps : noPumps;
  await passPieces(reader, { ...direction, pumps }, next, { pass, ownChunks: false });
  await writeAll(client, pending);
}

/**
 * With an Upgrade the engine says 101; to an old client of a terminal, 200 and no framing. Nothing else is a takeover: an answer
 * that lasts until the engine closes, to any other request, is passed on to its end, and the client has no say meanwhile.
 */
function isTakenOver({ status, framing }: ResponseHead, takeover: Takeover | undefined): boolean {
  if (status === 101) {
    if (takeover?.upgrade !== undefined) return true;
    throw unreadable('the engine changed the protocol without being asked');
  }
  return takeover !== undefined && takeover.upgrade === undefined && status === 200 && framing === undefined;
}
