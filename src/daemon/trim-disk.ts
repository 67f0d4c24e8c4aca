import type { Clock } from '../common/clock.js';
import type { InitLink } from './init/init-link.js';

/** What `POST /trim` of the control channel answers. */
export interface Trimmed {
  /** False where the disk does not take discards, or another trim is under way. */
  readonly trimmed: boolean;
}

/** Of a large disk that was never trimmed, emulated. */
const deadlineMs = 240_000;

/**
 * Has PID 1 give the free blocks of the data disk back to the host. Those who ask while it does get the same answer.
 *
 * Rejects after four minutes, or with what PID 1 says it cannot do.
 */
export function createTrim(link: InitLink, clock: Clock): () => Promise<Trimmed> {
  let running: Promise<Trimmed> | undefined;
  let answer: ((trimmed: Trimmed) => void) | undefined;
  let refuse: ((error: Error) => void) | undefined;
  link.onMessage((message) => {
    if (message.kind === 'trimmed') answer?.({ trimmed: message.done });
    if (message.kind === 'error' && message.text.startsWith('trim: ')) refuse?.(new Error(message.text));
  });
  const trim = async (): Promise<Trimmed> => {
    const over = new AbortController();
    const asked = new Promise<Trimmed>((resolve, reject) => {
      answer = resolve;
      refuse = reject;
    });
    link.send({ kind: 'trim' });
    const late = clock.sleep(deadlineMs, over.signal).then(
      (): never => {
        throw new Error('PID 1 did not answer');
      },
      () => asked,
    );
    try {
      return await Promise.race([asked, late]);
    } finally {
      over.abort();
      running = undefined;
    }
  };
  return () => (running ??= trim());
}
