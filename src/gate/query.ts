/** Every value of a parameter in the query of a request's target. What Go's net/url reads otherwise, the engine answers 400. */
export function queryValues(target: string, name: string): string[] {
  const query = /\?([^#]*)/.exec(target)?.[1] ?? '';
  // With its question mark: URLSearchParams takes one away, Go's net/url does not.
  return new URLSearchParams(`?${query}`).getAll(name);
}
