import { decode, encode, type Packet } from 'dns-packet';
import { orNothing } from '../../common/cause.js';
import { canonicalHostName } from '../../common/host-name.js';
import { countsOf } from './counts.js';

/** What one asks of the domain name system: one question, as nobody asks several. */
export interface DnsQuestion {
  readonly id: number;
  /** Canonical. */
  readonly name: string;
  /** As it was written: whoever asks may look whether its capitals come back. */
  readonly asked: string;
  /** As in the registry of types: `A`, `AAAA`, `TXT`, … */
  readonly type: string;
  readonly recursion: boolean;
  /** How long an answer by UDP may be. */
  readonly longest: number;
  /** Whether EDNS was spoken, and so may be in the answer. */
  readonly extended: boolean;
}

/** Types whose records are handed on: each is read and written again. Of HTTPS and SVCB nothing is said: they hold the keys by which a client hides the name it asks for (encrypted ClientHello). */
export const knownTypes: ReadonlySet<string> = new Set([
  'A',
  'AAAA',
  'CNAME',
  'PTR',
  'MX',
  'TXT',
  'SRV',
  'NS',
  'SOA',
  'CAA',
]);

/** RFC 1035 §2.3.4; and what gets through without being split (DNS flag day 2020). */
const [withoutExtension, longestUdp] = [512, 1232];

/** Bytes of a question, on a connection as in a datagram (`QUESTION_MOST` of relay/names.c). */
const longestQuestion = 1232;
/** Records besides the question: what EDNS says, and a signature. */
const mostBesides = 2;

/** Threat: a question with thousands of records, each of which names a long name anew: to read one took a fifteenth of a second of everybody's. Nobody asks so. */
function isBrief(bytes: Uint8Array): boolean {
  const { questions, answers, authorities, additionals } = countsOf(bytes);
  return (
    bytes.length <= longestQuestion &&
    questions === 1 &&
    answers + authorities === 0 &&
    additionals <= mostBesides
  );
}

/**
 * Reads a query. Undefined for whatever is not one question of class IN about a name of a host: nothing of it is handed on.
 *
 * Threat: a label may hold a dot, or bytes that are no text, and what is compared as one name is asked for as another. So the question must be the one we would write.
 */
export function readQuestion(bytes: Uint8Array): DnsQuestion | undefined {
  const packet = isBrief(bytes) ? orNothing(() => decode(Buffer.from(bytes))) : undefined;
  const [question] = packet?.questions ?? [];
  if (packet === undefined || question === undefined || packet.type !== 'query') return undefined;
  const { additionals = [], flags = 0, id = 0 } = packet;
  if (opcode(flags) !== 0 || question.class !== 'IN') return undefined;
  const name = canonicalHostName(question.name);
  if (name === undefined || !isWritten(bytes, question)) return undefined;
  const extension = additionals.find(({ type }) => type === 'OPT');
  const size = extension !== undefined && 'udpPayloadSize' in extension ? extension.udpPayloadSize : 0;
  return {
    id,
    name,
    asked: question.name,
    type: question.type,
    recursion: (flags & 0x100) !== 0,
    longest: Math.min(Math.max(size, withoutExtension), longestUdp),
    extended: extension !== undefined,
  };
}

/** The question for a name server of the host's, under an id of our own. */
export function writeQuestion(id: number, { name, type }: Pick<DnsQuestion, 'name' | 'type'>): Buffer {
  return encode({ type: 'query', id, flags: 0x100, questions: [questionOf(name, type)] });
}

export function questionOf(name: string, type: string): NonNullable<Packet['questions']>[number] {
  // The library takes the names of all types, its types know some.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  return { name, type: type as 'A', class: 'IN' };
}

function isWritten(bytes: Uint8Array, question: NonNullable<Packet['questions']>[number]): boolean {
  const written = orNothing(() => encode({ type: 'query', questions: [question] }));
  return (
    written !== undefined &&
    Buffer.compare(written.subarray(12), Buffer.from(bytes).subarray(12, written.length)) === 0
  );
}

function opcode(flags: number): number {
  return (flags >> 11) & 15;
}
