import type { Agent } from 'node:http';
import type { AuditEvent } from '../../common/audit-event.js';
import type { Clock } from '../../common/clock.js';
import { type ExportHealth, ExportQueue } from './export-queue.js';

export interface TelemetryOptions {
  /** Of `bulkhead.audit.openTelemetry`. */
  readonly endpoint: string;
  readonly clock: Clock;
  readonly resource: {
    /** Of bulkheadd. */
    readonly version: string;
    /** Of this run of it. */
    readonly instance: string;
  };
  /** What connects to it; Node's own where absent. */
  readonly agentFor?: (protocol: string) => Promise<Agent>;
}

/** Sends the lines of the audit log to a collector, too. Adding one never waits or throws. */
export class Telemetry {
  readonly #queue: ExportQueue<AuditEvent>;

  constructor({ endpoint, clock, resource, agentFor }: TelemetryOptions) {
    // Loaded when it is needed: where no policy asks for it, its memory is not spent.
    const exporter = import('./otlp-exporter.js').then(({ createExporter }) =>
      createExporter(endpoint, resource, agentFor),
    );
    exporter.catch(() => undefined);
    this.#queue = new ExportQueue({ clock, send: async (events) => (await exporter)(events) });
  }

  add(event: AuditEvent): void {
    this.#queue.add(event);
  }

  health(): ExportHealth {
    return this.#queue.health();
  }
}
