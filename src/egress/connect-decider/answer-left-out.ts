import type { AddressFamily } from '../connect-access/index.js';
import { type DnsQuestion, rcodes, writeAnswer } from '../name-memory/index.js';

const recordOf: Readonly<Record<AddressFamily, string>> = { ipv4: 'A', ipv6: 'AAAA' };

/**
 * The answer to a question for addresses names are to be without: that there are none, whatever else has the name, as the VM's own name server says it
 * (`vm-image/name-server/message.c`). Undefined for other questions. No name server is asked.
 */
export function answerLeftOut(
  question: DnsQuestion,
  without: AddressFamily | undefined,
  longest = question.longest,
): Buffer | undefined {
  if (without === undefined || question.type !== recordOf[without]) return undefined;
  return writeAnswer(question, { rcode: rcodes.none, records: [] }, longest);
}
