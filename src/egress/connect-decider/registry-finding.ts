import { randomInt, randomUUID } from 'node:crypto';
import type { RegistryAnswer } from './registry-answer.js';

/** What was found: `unspoken` is for what broke off before it said anything, `unsaid` for what says that it can't answer now. */
export type RegistryFinding = 'registry' | 'none' | 'unspoken' | 'unsaid';

/** What came of one question. */
export type Answer = RegistryAnswer | { readonly kind: 'unspoken' };

const ping = '/v2/';

/**
 * Threat: a registry behind something that wants a password first, leads to where one signs in, or refuses who is not known to it, says nothing of a registry. It is one where that is for `/v2/` alone: of a site
 * all of which is so, a path that nobody has is answered alike.
 */
export async function findingOf(ask: (path: string) => Promise<Answer>): Promise<RegistryFinding> {
  const follow = async (path: string): Promise<Answer> => {
    const first = await ask(path);
    return first.kind === 'moved' ? ask(first.path) : first;
  };
  const answer = await follow(ping);
  switch (answer.kind) {
    case 'registry':
    case 'unspoken':
      return answer.kind;
    case 'passing':
      return 'unsaid';
    case 'password':
    case 'elsewhere':
      return besides(answer, await follow(`/${randomUUID()}`));
    case 'refused':
      return besides(answer, await follow(pathLikePing()));
    case 'moved':
    case 'other':
      return 'none';
  }
}

/** @param other the answer of the same server to a path that nobody has. */
function besides(answer: Answer, other: Answer): RegistryFinding {
  if (other.kind === 'passing') return 'unsaid';
  const isAlike =
    answer.kind === 'refused' && other.kind === 'refused'
      ? answer.status === other.status
      : answer.kind === other.kind;
  return isAlike ? 'none' : 'registry';
}

/** Another of its form: stores of files take what is first for the name of a bucket, and refuse one of two letters otherwise than one they do not have. */
function pathLikePing(): string {
  const letter = 'abcdefghijklmnopqrstuwxyz'.charAt(randomInt(25));
  return `/${letter}${randomInt(10)}/`;
}
