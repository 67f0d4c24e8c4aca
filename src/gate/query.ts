/** The query of a request's target as it was sent, without the question mark; `undefined` without one. */
export function queryOf(target: string): string | undefined {
  return /\?([^#]*)/.exec(target)?.[1];
}

/**
 * Every value of a parameter in a query. What Go's net/url reads otherwise, the engine answers 400.
 *
 * @param query as it was sent, by itself. Threat: behind a path that is decoded already it would begin at an encoded question mark of the path.
 */
export function queryValues(query: string | undefined, name: string): string[] {
  // With its question mark: URLSearchParams takes one away, Go's net/url does not.
  return new URLSearchParams(`?${query ?? ''}`).getAll(name);
}
