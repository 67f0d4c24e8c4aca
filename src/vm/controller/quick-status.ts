import { get } from 'node:http';
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

function read(socketPath: string, path: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const sent = get({ socketPath, path, agent: false, timeout: deadlineMs }, (answer) => {
      let text = '';
      answer
        .setEncoding('utf8')
        .on('data', (part: string) => (text += part))
        .on('end', () => (answer.statusCode === 200 ? resolve(text) : reject(new Error('refused'))))
        .on('error', reject);
    });
    sent.on('timeout', () => sent.destroy(new Error('no answer'))).on('error', reject);
  });
}
