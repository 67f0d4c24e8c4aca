/**
 * The one form in which names of hosts are compared: lower case, without the dot at the end. Labels are those of the domain name system as it is used: letters, digits, hyphens and
 * underscores; an international name in its ASCII form (`xn--…`).
 *
 * Threat: what one part takes for a name and another for an address (`127.1`, `0x7f000001`, `10.0.0.05`) is decided as the one and reached as the other. A name whose last
 * label is a number is therefore none (as in the URL standard).
 *
 * @returns undefined for what is no name of a host.
 */
export function canonicalHostName(text: string): string | undefined {
  const name = text.toLowerCase().replace(/\.$/, '');
  if (name.length === 0 || name.length > 253) return undefined;
  const labels = name.split('.');
  if (!labels.every((label) => /^[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?$/.test(label))) return undefined;
  return /^(\d+|0x[0-9a-f]*)$/.test(labels.at(-1) ?? '') ? undefined : name;
}

/** Whether a canonical name is below another, never the name itself. */
export function isSubdomain(name: string, domain: string): boolean {
  return name.length > domain.length + 1 && name.endsWith(`.${domain}`);
}

/** The domains a canonical name is below, the longest first: of `a.b.example` `b.example` and `example`. */
export function* domainsAbove(name: string): Generator<string> {
  for (let dot = name.indexOf('.'); dot !== -1; dot = name.indexOf('.', dot + 1)) yield name.slice(dot + 1);
}
