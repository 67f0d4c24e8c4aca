import { randomInt } from 'node:crypto';
import type { Resolved } from '../connect-decider/index.js';
import { readAnswer, writeQuestion } from '../name-memory/index.js';

/** Asks a name server of the host's; undefined where none answers. */
export type AskNameServer = (question: Buffer, signal: AbortSignal) => Promise<Buffer | undefined>;

/**
 * The addresses of a name, of both families.
 *
 * @throws where nobody says what one of them is: a name of which half is known leads elsewhere than it should.
 */
export async function resolveName(ask: AskNameServer, name: string, signal: AbortSignal): Promise<Resolved> {
  const answers = await Promise.all(
    (['A', 'AAAA'] as const).map(async (type) => {
      const id = randomInt(0x1_0000);
      const said = await ask(writeQuestion(id, { name, type }), signal);
      const answer = said === undefined ? undefined : readAnswer(said, id, { name, type });
      if (answer === undefined) throw new Error(`no name server says which addresses ${name} has`);
      return answer;
    }),
  );
  const found = answers.filter(({ addresses }) => addresses.length > 0);
  return {
    addresses: found.flatMap(({ addresses }) => addresses),
    ttl: found.length === 0 ? 0 : Math.min(...found.map(({ ttl }) => ttl)),
  };
}
