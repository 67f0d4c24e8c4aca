import { BulkheadError } from '../../common/errors/bulkhead-error.js';

/** As the gate has it (src/gate/http/head-reader.ts), which reads the head once more. */
export const longestHead = 64 * 1024;

/** What a browser says of itself, and no client of Docker's does (Fetch Standard; Fetch Metadata Request Headers). */
const ofBrowsers = /^(?:origin|sec-fetch-[a-z]+):/i;

const loopbackNames = /^(?:localhost|127\.0\.0\.1|\[::1\])(?::\d{1,5})?$/i;

/**
 * The head of the one request that is served on a TCP connection, written anew so that it is the last.
 *
 * Threat: a page in the developer's browser can send requests to this port, and by DNS rebinding (a name of its own that resolves to 127.0.0.1)
 * read the answers as well. What it sends names its own host, or says that it comes from a page; and a browser uses a connection for several
 * requests, of which only the first would be seen here.
 *
 * @param head without the empty line at its end.
 *
 * Throws `BH_TCP_BROWSER`.
 */
export function firstHead(head: string): string {
  const [requestLine = '', ...fields] = head.split('\r\n');
  const hosts = fields.filter((field) => /^host:/i.test(field)).map((field) => field.slice(5).trim());
  const [host = ''] = hosts;
  if (hosts.length !== 1 || !loopbackNames.test(host))
    throw new BulkheadError('BH_TCP_BROWSER', { reason: `it is for the host ${JSON.stringify(host)}` });
  const browsers = fields.find((field) => ofBrowsers.test(field));
  if (browsers !== undefined)
    throw new BulkheadError('BH_TCP_BROWSER', {
      reason: `it has the header ${browsers.replace(/:.*/s, '')}`,
    });
  // The gate overlooks an Upgrade where the engine knows none, and would serve a second request then: it closes after this one as well.
  const upgrades = fields.some((field) => /^upgrade:/i.test(field));
  const others = fields.filter((field) => !/^connection:/i.test(field));
  return [requestLine, ...others, `Connection: ${upgrades ? 'close, Upgrade' : 'close'}`].join('\r\n');
}
