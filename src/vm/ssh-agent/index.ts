export { agentInUse, type AgentPlace, askAgentAt } from './agent-in-use.js';
export { serveAgentRequests } from './serve-requests.js';
