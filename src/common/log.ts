import { type DestinationStream, type Logger, pino } from 'pino';

export type { Logger };

/** Paths whose values never reach a log: registry credentials and build secrets travel through the same objects. */
const redacted = [
  '*.password',
  '*.token',
  '*.identitytoken',
  '*.auth',
  'headers["x-registry-auth"]',
  'headers["x-registry-config"]',
];

/** JSON lines with ISO time. `component` says which part of the product speaks. */
export function createLogger(component: string, destination?: DestinationStream, level = 'info'): Logger {
  const options = {
    level,
    base: { component },
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ level: label }) },
    redact: redacted,
  };
  return destination === undefined ? pino(options) : pino(options, destination);
}
