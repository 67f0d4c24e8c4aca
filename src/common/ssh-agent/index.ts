export { type AskAgent, answerTo, askOnce } from './answer.js';
export { framed, framedMessages } from './framing.js';
export { longestAgentMessage, mayBeAsked, refusedByAgent } from './messages.js';

/**
 * Requests of all containers together that are under way. Threat: one makes thousands, and the agent, which the person on the host uses as well, has no descriptor
 * left, nor have the processes between, through which all goes that is said to the engine.
 */
export const mostAgentRequests = 128;
