import { connect } from 'node:net';
import { BulkheadError, isBulkheadError } from '../../common/errors/bulkhead-error.js';
import { type AskAgent, askOnce } from '../../common/ssh-agent/index.js';
import { contactOf, effectiveSettings, type Settings, type UserSettings } from '../../policy/index.js';
import { invokingUser, openSshAgent } from '../sharing/index.js';

/** Where a person's agent listens, and the user it must belong to. */
export interface AgentPlace {
  readonly path: string;
  readonly owner: number;
}

interface Wanted {
  /** Whether it was asked for by name, on the command line, and so is not done without. */
  readonly named: boolean;
  readonly policy: Settings | undefined;
  readonly user: UserSettings;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/**
 * The agent that containers may have, and what a person should know of it. One that is not there is an error where it was named, and told where a setting is all that asks for it.
 *
 * @throws BH_SSH_AGENT, BH_SSH_AGENT_REFUSED
 */
export async function agentInUse({
  named,
  policy,
  user,
  env,
}: Wanted): Promise<{ readonly agent: AgentPlace | undefined; readonly notes: readonly string[] }> {
  const asked = named ? { bulkhead: { sshAgent: true } } : user;
  const { value, source } = effectiveSettings(policy, asked)['bulkhead.sshAgent'];
  if (!value) {
    if (named) throw new BulkheadError('BH_SSH_AGENT_REFUSED', { contact: contactOf(policy) });
    return { agent: undefined, notes: [] };
  }
  const agent = { path: env['SSH_AUTH_SOCK'] ?? '', owner: invokingUser(env, process.getuid?.() ?? 0) };
  const by = named ? '--ssh-agent' : `bulkhead.sshAgent; ${source}`;
  try {
    await (await openSshAgent(agent.path, agent.owner)).close();
  } catch (error) {
    if (named || !isBulkheadError(error)) throw error;
    return { agent: undefined, notes: [`Containers have no ssh agent (${by}). ${error.message}`] };
  }
  return {
    agent,
    notes: [
      `Containers that bind /run/host-services/ssh-auth.sock can have anything signed with the keys of your ssh agent (${by}).`,
    ],
  };
}

/** Asks the agent there is now: it may have been started again since. The socket is connected by descriptor, so that it is the one whose owner was looked at. */
export function askAgentAt({ path, owner }: AgentPlace): AskAgent {
  return async (request, over) => {
    await using handle = await openSshAgent(path, owner);
    return await askOnce(() => connect(`/proc/self/fd/${handle.fd}`), request, over);
  };
}
