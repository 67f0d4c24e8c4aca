import { randomInt } from 'node:crypto';
import { BulkheadError } from '../../common/errors/bulkhead-error.js';
import { clientKey, type ConnectPolicy, decideName, type Who } from '../connect-access/index.js';
import {
  type NameMemory,
  rcodes,
  readAnswer,
  readQuestion,
  writeAnswer,
  writeQuestion,
} from '../name-memory/index.js';
import { answerHost } from './answer-host.js';
import { answerLeftOut } from './answer-left-out.js';
import type { ConnectFacts } from './facts.js';

/** What the length in front of it can say (RFC 7766). */
const longestStreamed = 65_535;

/**
 * Answers a question for names: by a name server's answer to a question of ours, with nothing in it but what was asked for. What it says is remembered before it is sent back.
 *
 * @returns undefined for what is no question, and where no name server answers: whoever asked asks again.
 */
export async function answerQuestion(
  {
    policy,
    facts,
    memory,
  }: { readonly policy: ConnectPolicy; readonly facts: ConnectFacts; readonly memory: NameMemory },
  who: Who,
  { bytes, byStream }: { readonly bytes: Uint8Array; readonly byStream: boolean },
  signal: AbortSignal,
): Promise<Buffer | undefined> {
  const question = readQuestion(bytes);
  if (question === undefined) return undefined;
  const { name, type } = question;
  const longest = byStream ? longestStreamed : question.longest;
  const ofHost = answerHost(question, longest);
  if (ofHost !== undefined) {
    facts.onName?.(who, name, { kind: 'allowed' });
    return ofHost;
  }
  const decision = decideName(policy, who, name);
  if (decision.kind === 'refuse') {
    const { code, params } = decision.refusal;
    facts.onName?.(who, name, { kind: 'refused', error: new BulkheadError(code, params) });
    return writeAnswer(question, { rcode: rcodes.noSuchName, records: [] });
  }
  facts.onName?.(who, name, { kind: 'allowed' });
  const leftOut = answerLeftOut(question, policy.namesWithout, longest);
  if (leftOut !== undefined) return leftOut;
  const id = randomInt(0x1_0000);
  const said = await facts.askNameServer(writeQuestion(id, question), signal);
  const answer = said === undefined ? undefined : readAnswer(said, id, question);
  if (answer === undefined)
    return said === undefined
      ? undefined
      : writeAnswer(question, { rcode: rcodes.serverFailure, records: [] });
  if (type === 'A' || type === 'AAAA')
    memory.remember(clientKey(who), name, answer.addresses, answer.ttl, facts.now());
  return writeAnswer(question, answer, longest);
}
