/** Who a connection to the engine belongs to; decided by the socket it came in by, never by what is said on it. */
export type Caller = { readonly kind: 'developer' } | ContainerCaller;

/** A container with a filtered socket of its own. */
export interface ContainerCaller {
  readonly kind: 'container';
  /** Full id. */
  readonly id: string;
  /** Name of its image as it was asked for, for messages and the audit log. */
  readonly image: string;
}

export const developer: Caller = { kind: 'developer' };
