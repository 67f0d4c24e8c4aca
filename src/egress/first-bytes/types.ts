/** Host and port as a client wrote them behind `Host:` or in a target. */
export interface Authority {
  /** Canonical: a name, or an address as `ipAddressText` writes it. */
  readonly host: string;
  readonly port?: number;
}

export interface TlsBeginning {
  readonly kind: 'tls';
  /** Canonical. */
  readonly serverName?: string;
  readonly alpn: readonly string[];
  /** There is an encrypted ClientHello in it, or what looks like one (GREASE): the name outside need not be the one that is asked for. */
  readonly encrypted: boolean;
}

export interface HttpBeginning {
  readonly kind: 'http';
  readonly method: string;
  /** As in RFC 9112 §3.2. `absolute` and `authority` are said to a proxy. */
  readonly form: 'origin' | 'absolute' | 'authority' | 'asterisk';
  /** Whom it is for; HTTP/1.0 need not say. */
  readonly authority?: Authority;
}

/** What the first bytes a client sends say of whom it wants to speak to. */
export type FirstBytes =
  /** It is not seen yet. `like`: what it can still become; a client that leaves it at that is none of whom more is to be expected. */
  | { readonly kind: 'more'; readonly like: 'tls' | 'http' | 'proxy' | 'anything' }
  | TlsBeginning
  | HttpBeginning
  /** HTTP/2 without TLS, by prior knowledge: the names are in compressed headers. */
  | { readonly kind: 'http2' }
  /** To a proxy that is to connect further, or of a connection that comes by one: whom it is for stands behind it. */
  | { readonly kind: 'forwarding'; readonly protocol: string }
  /** Of that protocol, and not in order. Threat: what we read in one way a server reads in another. */
  | { readonly kind: 'malformed'; readonly protocol: 'tls' | 'http'; readonly reason: string }
  | { readonly kind: 'other' };

export type Malformed = Extract<FirstBytes, { kind: 'malformed' }>;

/** What is looked at, at most. */
export const mostFirstBytes = 64 * 1024;
