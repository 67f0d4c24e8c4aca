import { existsSync, watch } from 'node:fs';
import { basename, dirname } from 'node:path';
import { abortReason } from '../common/abort.js';

/** Resolves once `path` exists; its directory must. Rejects with the signal's reason when aborted. */
export async function untilExists(path: string, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  await new Promise<void>((resolve, reject) => {
    const watcher = watch(dirname(path), (_event, name) => {
      if (name === basename(path) && existsSync(path)) finish();
    });
    const finish = (error?: Error): void => {
      watcher.close();
      signal.removeEventListener('abort', abort);
      if (error === undefined) resolve();
      else reject(error);
    };
    const abort = (): void => {
      finish(abortReason(signal));
    };
    signal.addEventListener('abort', abort);
    watcher.on('error', finish);
    /* The path may have come between the caller's last look and the watch. */
    if (existsSync(path)) finish();
  });
}
