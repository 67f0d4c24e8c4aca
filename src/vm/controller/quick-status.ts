import { connect } from 'node:net';
import type { ControllerStatus } from './status.js';

/** For all of it; the guest's part of it is `within`. */
const deadlineMs = 2_000;

/**
 * What the controller says of itself, as `ControlClient.status(within)` has it but unchecked and without anything that takes long to load: it is asked for many times a
 * minute by prompts and scripts, and the other end is this user's own process, on a socket nobody else may open. What the guest says has been checked there
 * (`facts`).
 *
 * Resolves with undefined where there is no answer to be had this way, as from a controller of before an update: the other way says why.
 */
export async function quickStatus(socketPath: string, within: number): Promise<ControllerStatus | undefined> {
  try {
    const document: unknown = JSON.parse(await read(socketPath, `/status?within=${within}`));
    return isStatus(document) ? document : undefined;
  } catch {
    return undefined;
  }
}

/** A controller that has `facts` has everything else. */
function isStatus(document: unknown): document is ControllerStatus {
  return typeof document === 'object' && document !== null && 'facts' in document && 'state' in document;
}

/** HTTP/1.0, whose answer ends with the connection and has no chunks (RFC 1945 §7.2.2): Node's own client alone takes 20 to 40 ms to load. */
function read(socketPath: string, path: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = '';
    const socket = connect(socketPath).setEncoding('utf8').setTimeout(deadlineMs);
    socket.on('data', (part: string) => (text += part));
    socket.on('end', () => {
      const head = text.indexOf('\r\n\r\n');
      if (head !== -1 && /^HTTP\/1\.[01] 200 /.test(text)) resolve(text.slice(head + 4));
      else reject(new Error('refused'));
    });
    socket.on('timeout', () => socket.destroy(new Error('no answer'))).on('error', reject);
    socket.write(`GET ${path} HTTP/1.0\r\nHost: controller\r\n\r\n`);
  });
}
