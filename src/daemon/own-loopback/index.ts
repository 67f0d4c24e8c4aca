import { isIPv6 } from 'node:net';
import { reasonOf } from '../../common/errors/rule-of.js';
import { systemExec } from '../../common/exec.js';
import { loopbackRules } from '../../egress/index.js';
import { contactOf, type Settings } from '../../policy/index.js';
import type { AuditLog } from '../audit/audit-log.js';
import { logged } from '../audit/subject.js';
import { askNat, restoreRules } from '../firewall.js';
import { closingRules, isEntered } from './closing-rules.js';
import { refuseAsked } from './refuse-asked.js';

/**
 * Closes to the engine what of itself `bulkhead.registryAccess` does not open, before the engine serves anybody. Threat: it reaches its own loopback without the gateway, so what a build asks a published port of a container for
 * nobody would decide. Where this can't be made nothing may be served.
 *
 * @param addresses that of the loopback in each family there is.
 */
export async function keepOwnLoopback(
  settings: Pick<Settings, 'bulkhead'>,
  addresses: readonly string[],
  audit: Pick<AuditLog, 'record'>,
  exec = systemExec,
): Promise<void> {
  const access = settings.bulkhead?.registryAccess;
  if (access === undefined) return;
  const rules = loopbackRules(access);
  for (const address of addresses) {
    const family = isIPv6(address) ? 6 : 4;
    const server = await refuseAsked({
      address,
      contact: contactOf(settings),
      onRefused(host, { code }) {
        const destination = logged(host);
        const who = { kind: 'engine' } as const;
        audit.record({ kind: 'connection', outcome: 'refused', who, destination, ...reasonOf(code) });
      },
    });
    const listening = server.address();
    if (listening === null || typeof listening === 'string') throw new Error(`${address} has no port`);
    const entered = (await askNat(exec, isEntered, family)) !== undefined;
    await restoreRules(exec, closingRules(family, rules, { refusing: listening.port, entered }), family);
  }
}
