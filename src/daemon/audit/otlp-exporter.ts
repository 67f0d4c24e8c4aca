import type { Agent } from 'node:http';
import { SeverityNumber } from '@opentelemetry/api';
import { OTLPLogExporter } from '@opentelemetry/exporter-logs-otlp-http';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { LoggerProvider, type LogRecordProcessor, type ReadableLogRecord } from '@opentelemetry/sdk-logs';
import type { AuditEvent } from '../../common/audit-event.js';

/** Milliseconds one request to the collector may take, its repetitions included. */
const timeoutMillis = 10_000;

/**
 * Makes OpenTelemetry log records of audit events and sends them. The body of a record is the line as it is in the log; what one searches for
 * is in its attributes as well. Waiting and dropping are not its business (`export-queue.ts`): the library's own batches say of neither how
 * many there were.
 *
 * @param agentFor what connects to it; Node's own where absent.
 * @returns rejects with what went wrong.
 */
export function createExporter(
  endpoint: string,
  { version, instance }: { readonly version: string; readonly instance: string },
  agentFor?: (protocol: string) => Promise<Agent>,
): (events: readonly AuditEvent[]) => Promise<void> {
  const exporter = new OTLPLogExporter({
    url: endpoint,
    timeoutMillis,
    ...(agentFor === undefined ? {} : { httpAgentOptions: agentFor }),
  });
  const gathered: ReadableLogRecord[] = [];
  const processor: LogRecordProcessor = {
    onEmit: (record) => void gathered.push(record),
    forceFlush: async () => Promise.resolve(),
    shutdown: async () => Promise.resolve(),
  };
  const provider = new LoggerProvider({
    resource: resourceFromAttributes({
      'service.name': 'bulkhead',
      'service.version': version,
      'service.instance.id': instance,
    }),
    processors: [processor],
  });
  const logger = provider.getLogger('bulkhead.audit', version);
  return async (events) => {
    for (const event of events) {
      logger.emit({
        timestamp: Date.parse(event.time),
        eventName: `bulkhead.audit.${event.kind}`,
        ...severityOf(event),
        body: JSON.stringify(event),
        attributes: attributesOf(event),
      });
    }
    const records = gathered.splice(0);
    await new Promise<void>((resolve, reject) => {
      exporter.export(records, ({ error }) => {
        // Every failure comes with one (otlp-exporter-base, OTLPExportDelegate).
        if (error === undefined) resolve();
        else reject(error);
      });
    });
  };
}

function severityOf(event: AuditEvent): { severityNumber: SeverityNumber; severityText: string } {
  const allowed = 'outcome' in event && event.outcome === 'allowed';
  return allowed
    ? { severityNumber: SeverityNumber.INFO, severityText: 'INFO' }
    : { severityNumber: SeverityNumber.WARN, severityText: 'WARN' };
}

/** Texts and numbers of the event by their names, and who it was. */
function attributesOf({ time: _time, ...event }: AuditEvent): Record<string, string | number> {
  const who = 'who' in event ? event.who : {};
  const all: (readonly [string, unknown])[] = [
    ...Object.entries(event),
    ...Object.entries(who).map(([key, value]) => [`who.${key}`, value] as const),
  ];
  const attributes: Record<string, string | number> = {};
  for (const [key, value] of all)
    if (typeof value === 'string' || typeof value === 'number') attributes[`bulkhead.${key}`] = value;
  return attributes;
}
