import { type BulkheadError } from '../../common/errors/bulkhead-error.js';

/** An answer in place of the registry's, which dockerd, containerd and BuildKit show. */
export interface RegistryError {
  readonly status: number;
  /** Of HEAD it is all a client is shown, and of a fault of the server's as well. */
  readonly reason: string;
  readonly body: Buffer;
}

const longestReason = 400;

/**
 * In the form of the distribution specification, "Error Codes".
 *
 * @param isPassing it may be otherwise in a moment: clients try that again, a push for most of a minute.
 */
export function registryError(error: BulkheadError, isPassing: boolean): RegistryError {
  const code = isPassing ? 'UNAVAILABLE' : 'DENIED';
  const body = { errors: [{ code, message: error.message, detail: { code: error.code } }] };
  return {
    status: isPassing ? 502 : 403,
    reason: error.message.replaceAll(/[^\x20-\x7e]/g, ' ').slice(0, longestReason),
    body: Buffer.from(`${JSON.stringify(body)}\n`),
  };
}
