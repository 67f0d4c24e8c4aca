import { canonicalHostName } from '../../common/host-name.js';

/** As many as programs took before glibc 2.26 and as others still take; the kernel command line, by which PID 1 hears of them, is short as well. */
const most = 6;
const mostCharacters = 255;

/**
 * The domains below which this machine looks up names without a dot, for the VM to do the same: a container of an engine on this machine itself has them too. What is no
 * name (`search .`, by which systemd-resolved says there is none) is left out.
 *
 * @param file content of resolv.conf(5), in which the last line of `search` and `domain` counts.
 */
export function searchDomains(file: string): readonly string[] {
  const [, , list = ''] = [...file.matchAll(/^(search|domain)[ \t]+(.*)$/gm)].at(-1) ?? [];
  const names = list.split(/\s+/).flatMap((text) => canonicalHostName(text) ?? []);
  const taken: string[] = [];
  for (const name of new Set(names))
    if (taken.length < most && [...taken, name].join(',').length <= mostCharacters) taken.push(name);
  return taken;
}
