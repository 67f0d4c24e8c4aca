import { z } from 'zod';

/**
 * `bulkhead.audit`. No header and no user name for the collector: whoever may read the policy file would have them, and that is the developer
 * whose doings are told. A collector knows its senders by the network they are in.
 */
export const auditSchema = z.strictObject({
  /** Every line of the audit log is sent on as an OpenTelemetry log record (OTLP over HTTP, JSON). */
  openTelemetry: z
    .strictObject({
      /** The whole address, such as `https://collector.example.org:4318/v1/logs`. */
      endpoint: z
        .string()
        .refine(
          isEndpoint,
          'not the address of a collector: http or https, without user, query and fragment',
        ),
    })
    .optional(),
});

function isEndpoint(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, username, password, search, hash } = new URL(text);
  return (
    (protocol === 'https:' || protocol === 'http:') &&
    [username, password, search, hash].every((part) => part === '')
  );
}
