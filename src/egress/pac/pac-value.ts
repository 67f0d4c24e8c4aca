/** What goes over the border of the sandbox. */
export type PacValue = string | number | boolean | null;

/** Answers of the domain name system a file asked for, by the name: the first IPv4 address, or null where there is none. */
export type PacAnswers = Readonly<Record<string, string | null>>;

/** What one run of `FindProxyForURL` comes to. */
export type PacOutcome =
  | { readonly kind: 'result'; readonly text: string }
  /** It wants the address of a name that is not among the answers; it is run again with it. */
  | { readonly kind: 'resolve'; readonly name: string }
  | { readonly kind: 'failed'; readonly reason: string };
