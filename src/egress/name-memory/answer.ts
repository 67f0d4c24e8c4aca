import { isDeepStrictEqual } from 'node:util';
import { type Answer, decode, encode, type Packet } from 'dns-packet';
import { orNothing } from '../../common/cause.js';
import { canonicalHostName } from '../../common/host-name.js';
import { type IpAddress, parseIpAddress } from '../../common/ip-address.js';
import { countsOf, headLength } from './counts.js';
import { type DnsQuestion, knownTypes, questionOf } from './question.js';

export const rcodes = { none: 0, serverFailure: 2, noSuchName: 3, refused: 5 } as const;

export interface DnsAnswer {
  readonly rcode: number;
  /** Those that answer the question, aliases on the way to them included; nothing else a name server has put in. */
  readonly records: readonly Answer[];
  /** Of the name that was asked for, whatever aliases lead to them. */
  readonly addresses: readonly IpAddress[];
  /** Seconds, the least of all. */
  readonly ttl: number;
}

/** A chain of aliases is not followed further. */
const longestChain = 16;
/** Threat: one answer of a name server's has room for thousands, each of which would be remembered for whoever asked, in the place of what that one has resolved before. */
const mostAddresses = 128;
/** Records of an answer, aliases included, that are looked at: with thousands of long names one was half a second of everybody's. */
const mostRecords = 256;
const addressTypes: ReadonlySet<string> = new Set(['A', 'AAAA']);

/**
 * Reads what a name server answers. Undefined for what is no answer to that question under that id, and for what is not in order.
 *
 * Threat: records about other names (cache poisoning) would be remembered as addresses of these.
 */
export function readAnswer(
  bytes: Uint8Array,
  id: number,
  { name, type }: Pick<DnsQuestion, 'name' | 'type'>,
): DnsAnswer | undefined {
  const packet = countsOf(bytes).questions === 1 ? orNothing(() => decode(brief(bytes))) : undefined;
  const [question] = packet?.questions ?? [];
  if (packet === undefined || question === undefined) return undefined;
  const { flags = 0 } = packet;
  const isAnswer =
    packet.type === 'response' && packet.id === id && canonicalHostName(question.name) === name;
  if (!isAnswer || question.type !== type || (flags & truncated) !== 0) return undefined;
  const records = chainOf(packet.answers ?? [], name, type);
  const addresses = records.flatMap((record) =>
    (record.type === 'A' || record.type === 'AAAA') && typeof record.data === 'string'
      ? (parseIpAddress(record.data) ?? [])
      : [],
  );
  const ttl = Math.min(...records.map((record) => ('ttl' in record ? (record.ttl ?? 0) : 0)), 0x7fff_ffff);
  return { rcode: flags & 15, records, addresses, ttl: records.length === 0 ? 0 : ttl };
}

/** A message with no more than that, and nothing behind its answers, which nobody here asks for. */
function brief(bytes: Uint8Array): Buffer {
  const message = Buffer.from(bytes);
  message.writeUInt16BE(Math.min(countsOf(bytes).answers, mostRecords), 6);
  return message.fill(0, 8, headLength);
}

const truncated = 0x200;
const answerFlags = 0x80;

/** The aliases from the name on, each once, and the records of the type that was asked for at their end; of addresses the first. */
function chainOf(answers: readonly Answer[], name: string, type: string): Answer[] {
  if (!knownTypes.has(type)) return [];
  const named = answers.map((record) => ({ record, of: canonicalHostName(record.name) }));
  const chain: Answer[] = [];
  let here = name;
  for (let links = 0; links < longestChain; links += 1) {
    const own = named.flatMap(({ record, of }) => (of === here ? [record] : []));
    const wanted = own.filter((record) => record.type === type);
    const alias = own.find((record) => record.type === 'CNAME');
    if (wanted.length > 0)
      return [...chain, ...(addressTypes.has(type) ? wanted.slice(0, mostAddresses) : wanted)];
    const next = alias?.type === 'CNAME' ? canonicalHostName(alias.data) : undefined;
    if (alias === undefined || next === undefined) return chain;
    chain.push(alias);
    here = next;
  }
  return [];
}

/** The answer for whoever asked, written anew; where it does not fit, that it does not: it is asked for by TCP then. */
export function writeAnswer(
  question: DnsQuestion,
  { rcode, records }: Pick<DnsAnswer, 'rcode' | 'records'>,
  longest = question.longest,
): Buffer {
  const written = packetOf(question, rcode, records, 0);
  // Threat: what the library writes of odd labels is not always what it has read.
  const same = isDeepStrictEqual(
    orNothing(() => decode(written).answers),
    [...records],
  );
  if (!same) return packetOf(question, rcodes.serverFailure, [], 0);
  return written.length <= longest ? written : packetOf(question, rcode, [], truncated);
}

function packetOf(question: DnsQuestion, rcode: number, answers: readonly Answer[], more: number): Buffer {
  const flags = answerFlags | (question.recursion ? 0x100 : 0) | more | rcode;
  const packet: Packet = {
    type: 'response',
    id: question.id,
    flags,
    questions: [questionOf(question.asked, question.type)],
    additionals: question.extended ? [extension] : [],
  };
  return (
    orNothing(() => encode({ ...packet, answers: [...answers] })) ??
    encode({ ...packet, flags: flags | rcodes.serverFailure })
  );
}

const extension: Answer = {
  type: 'OPT',
  name: '.',
  udpPayloadSize: 1232,
  extendedRcode: 0,
  ednsVersion: 0,
  flags: 0,
  flag_do: false,
  options: [],
};
