import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type AuditEvent, auditEventSchema } from '../../src/common/audit-event.ts';
import type { EngineInternals } from './engine-internals.ts';

/** Of the audit log, in the engine's root. */
export const auditDirectory = '/var/lib/bulkhead-data/bulkhead/audit';

/** All that is on the disk now, in order; every line must be one that the schema knows. */
export async function writtenAudit(internals: EngineInternals): Promise<AuditEvent[]> {
  const directory = internals.path(auditDirectory);
  const texts = await Promise.all(
    (await readdir(directory)).map((name) => readFile(join(directory, name), 'utf8')),
  );
  return (
    texts
      // What stands behind the last line feed is still being written.
      .flatMap((text) => text.split('\n').slice(0, -1))
      .map((line) => auditEventSchema.parse(JSON.parse(line)))
      .toSorted((a, b) => a.seq - b.seq)
  );
}
