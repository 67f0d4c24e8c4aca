import { clientKey, type Connection, type ConnectDecision } from '../connect-access/index.js';
import { addressesOf, type Deciding, type FoundAddresses, madeTo } from './destination.js';
import type { ConnectFacts } from './facts.js';
import type { RefusedConnection } from './verdict.js';

type Question = Extract<ConnectDecision, { kind: 'ask-registry' }>;

/** Whether what a connection goes to is a registry: asked at one of its addresses after the other, until one answers, which is the only one it is connected to then. */
export async function askAtAddresses(
  deciding: Deciding & { readonly facts: Pick<ConnectFacts, 'isRegistry'> },
  connection: Connection,
  { scheme, hosts, port, target }: Question,
  { found, signal }: { readonly found: FoundAddresses; readonly signal: AbortSignal },
): Promise<Pick<Connection, 'isRegistry'> | RefusedConnection> {
  // Threat: an address that nobody may connect to is asked for the sake of a name that has it as well.
  const addresses = await addressesOf(deciding, connection, target, found);
  if ('kind' in addresses) return addresses;
  const asker = { client: clientKey(connection.who), signal };
  let failure: unknown;
  let isUnsaid = false;
  for (const asked of addresses.length === 0 ? [[]] : addresses.map((address) => [address])) {
    signal.throwIfAborted();
    const made = await madeTo(deciding, connection, target, asked);
    if (made.kind === 'refuse') return made;
    const through = made.kind === 'through' ? { through: { hops: made.hops, ask: made.ask } } : {};
    try {
      const question = { scheme, port, addresses: asked, ...through };
      const answers = hosts.map((host) => deciding.facts.isRegistry({ ...question, host }, asker));
      const said = await Promise.all(answers);
      const isRegistry = said.includes(true) || (said.includes('unsaid') ? 'unsaid' : false);
      if (isRegistry === 'unsaid' && made.kind !== 'through') {
        // Another of its servers may say it.
        isUnsaid = true;
        continue;
      }
      if (target.kind === 'name') found.set(target.name, asked);
      return { isRegistry };
    } catch (error) {
      // Where a proxy finds the address itself, no other is asked by another.
      if (made.kind === 'through') throw error;
      failure = error;
    }
  }
  if (isUnsaid) return { isRegistry: 'unsaid' };
  throw failure;
}
