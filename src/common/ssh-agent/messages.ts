/** What is said to an ssh agent, and by it (draft-ietf-sshm-ssh-agent, section 3). A message is its type, one byte, and what belongs to it. */
const failure = 5;
const requestIdentities = 11;
const identitiesAnswer = 12;
const signRequest = 13;
const signResponse = 14;

/** Longest message either side says: OpenSSH's own limit. */
export const longestAgentMessage = 256 * 1024;

/** The answer to whatever is not allowed, not understood or not answered. */
export const refusedByAgent: Buffer = Buffer.from([failure]);

/**
 * Whether containers may ask an agent for it: which keys there are, and a signature with one of them. Threat: by the same socket keys are added and
 * removed, the agent is locked, and, with a key of a smart card, a library of the asker's choice is loaded into it.
 */
export function mayBeAsked(request: Buffer): boolean {
  if (request[0] === requestIdentities) return request.length === 1;
  return request[0] === signRequest && isSignRequest(request.subarray(1));
}

/** Whether an answer is one to that request; what else an agent says is nothing containers have a use for. */
export function isAnswerTo(request: Buffer, answer: Buffer): boolean {
  return answer[0] === (request[0] === requestIdentities ? identitiesAnswer : signResponse);
}

/** A key, what is to be signed, and 32 flags; nothing behind them. */
function isSignRequest(body: Buffer): boolean {
  const data = behindString(body);
  const flags = data === undefined ? undefined : behindString(data);
  return flags?.length === 4;
}

/** What is behind a `string` of RFC 4251, section 5; undefined where there is no whole one. */
function behindString(body: Buffer): Buffer | undefined {
  if (body.length < 4) return undefined;
  const end = 4 + body.readUInt32BE(0);
  return end > body.length ? undefined : body.subarray(end);
}
