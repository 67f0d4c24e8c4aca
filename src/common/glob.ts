/**
 * Whether a text is of a pattern in which `*` stands for any characters and, where it is asked for, `?` for one. Threat: the text is a stranger's, and a regular expression made of the pattern
 * could take years over it; this takes at most the product of the two lengths.
 */
export function matchesGlob(text: string, pattern: string, one?: '?'): boolean {
  let [at, next] = [0, 0];
  let star = -1;
  let resume = 0;
  while (at < text.length) {
    const wanted = pattern[next];
    if (wanted === '*') {
      star = next;
      next += 1;
      resume = at;
    } else if (wanted !== undefined && (wanted === text[at] || wanted === one)) {
      at += 1;
      next += 1;
    } else if (star >= 0) {
      // The last star takes one character more.
      next = star + 1;
      resume += 1;
      at = resume;
    } else return false;
  }
  while (pattern[next] === '*') next += 1;
  return next === pattern.length;
}
