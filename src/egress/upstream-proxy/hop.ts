/** The server of a way out. */
export interface ProxyServer {
  readonly kind: 'proxy';
  readonly protocol: 'http' | 'https' | 'socks5';
  /** Canonical: a name, or an address as `ipAddressText` writes it. */
  readonly host: string;
  readonly port: number;
  readonly user?: { readonly name: string; readonly password: string };
}

/** One way out of several, tried in their order. */
export type Hop = { readonly kind: 'direct' } | { readonly kind: 'reject' } | ProxyServer;
