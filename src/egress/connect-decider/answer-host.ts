import type { Answer } from 'dns-packet';
import { link } from '../../common/egress-link.js';
import { isHostName } from '../connect-access/index.js';
import { type DnsQuestion, rcodes, writeAnswer } from '../name-memory/index.js';

/** Seconds. It is always the same. */
const ttl = 600;

/**
 * The answer to a question for a name of the host: the address by which its loopback is asked for, and nothing of other types. Undefined for other names. No name server is asked, by any rule:
 * nobody out there has these.
 */
export function answerHost(question: DnsQuestion, longest = question.longest): Buffer | undefined {
  const { name, asked, type } = question;
  if (!isHostName(name)) return undefined;
  const records: Answer[] =
    type === 'A' ? [{ type, name: asked, class: 'IN', ttl, flush: false, data: link.host }] : [];
  return writeAnswer(question, { rcode: rcodes.none, records }, longest);
}
