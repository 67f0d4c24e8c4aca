import { BulkheadError } from '../common/errors/bulkhead-error.js';
import { queryValues } from './query.js';

/** Groups of options of one letter; `h` among them leaves the titles out. */
const options = /^-?[a-gi-zA-Z]*$/;
/** Options without a value of their own, which would be the letters after it (`-Co` is the command named `o`). */
const before = '[aAcdeEfFjlLmMSTwxXyZ]*';
/** ps(1), the formats `o` and `O` and the sort order `k`: their value follows, attached or as the next word. */
const takesValue = new RegExp(`^-?${before}[oOk]$`);
const attached = new RegExp(String.raw`^-?${before}[oO][\w,%]+$`);
const value = /^[\w,%+-]+$/;
const long = /^--(?:(?:forest|cumulative|deselect)|(?:sort|format|cols|columns|width)(?:=[\w,%+-]+)?)$/;
const longTakesValue = /^--(?:sort|format|cols|columns|width)$/;

/**
 * GET /containers/{id}/top. Threat: dockerd runs ps(1) with the arguments of the request, as root and over all processes of the VM, and
 * passes on the lines whose number in the column titled PID is a process of the container. A column can be given that title (`-o
 * rss=PID,args`), or the first process can be made to stand for the titles, and then the lines are those of the VM's own processes. dockerd looks
 * for the former, but not at the beginning of the arguments.
 *
 * Throws `BH_GATE_PROCESS_LIST` unless every argument is one of ps(1) that leaves the titles as they are.
 *
 * @param query of the request, without the question mark.
 */
export function checkProcessList(query: string | undefined): void {
  for (const given of queryValues(query, 'ps_args')) checkArguments(given);
}

function checkArguments(given: string): void {
  let valueFollows = false;
  // As dockerd divides them.
  for (const word of given.split(' ')) {
    const known = valueFollows
      ? value.test(word)
      : options.test(word) || attached.test(word) || long.test(word);
    if (!known) throw new BulkheadError('BH_GATE_PROCESS_LIST', { word });
    valueFollows = !valueFollows && (takesValue.test(word) || longTakesValue.test(word));
  }
}
