import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import type { Decision } from '../../common/audit-event.js';
import { isErrorCode, reasonOf } from '../../common/errors/rule-of.js';
import type { RuntimeAuditEvent } from '../../runtime/index.js';
import { logged } from './subject.js';

const outcomes = { planned: 'allowed', refused: 'refused', failed: 'failed' } as const;

/** What isolation made of a container, as a decision. Pure. */
export function containerDecision(
  { command, containerId, outcome, code, rule }: RuntimeAuditEvent,
  image: string | undefined,
): Decision {
  return {
    kind: 'container',
    outcome: outcomes[outcome],
    who: { kind: 'engine' },
    command: logged(command),
    container: logged(containerId),
    ...(image === undefined ? {} : { image: logged(image) }),
    ...(code === undefined ? {} : isErrorCode(code) ? reasonOf(code) : { code }),
    ...(rule === undefined ? {} : { rule }),
  };
}

const configSchema = z.looseObject({ Config: z.looseObject({ Image: z.string() }) });

/**
 * The image of a container as it was asked for, from where dockerd keeps it: dockerd itself answers nothing about a container it is
 * starting. Undefined for a build step, which has none.
 */
export async function readContainerImage(dataRoot: string, containerId: string): Promise<string | undefined> {
  if (!/^[0-9a-f]{64}$/.test(containerId)) return undefined;
  try {
    const text = await readFile(join(dataRoot, 'containers', containerId, 'config.v2.json'), 'utf8');
    return configSchema.parse(JSON.parse(text)).Config.Image;
  } catch {
    return undefined;
  }
}
