import type { BulkheadError } from '../../common/errors/bulkhead-error.js';
import type { Endpoint } from '../relay-wire.js';

/** What became of a connection, or of a question; for the log of decisions. */
export type GatewayEvent =
  | { readonly kind: 'permitted'; readonly from: Endpoint; readonly to: Endpoint }
  | {
      readonly kind: 'refused';
      readonly from: Endpoint;
      readonly to: Endpoint;
      readonly reason: string;
      readonly error?: BulkheadError;
    }
  | {
      readonly kind: 'unreached';
      readonly from: Endpoint;
      readonly to: Endpoint;
      readonly errno: number;
      /** Where it was to go by a proxy. */
      readonly reason?: string;
    }
  | { readonly kind: 'overflow'; readonly count: number };
