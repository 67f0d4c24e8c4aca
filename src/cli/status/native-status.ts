import { type Health, parseHealth } from '../../common/health.js';
import type { NativeEngine } from '../find-engine.js';
import { guestFacts } from '../../vm/controller/guest-facts.js';
import { engineRows, resourceRows, statusText } from './rows.js';
import { warningsOf } from './warnings.js';

const deadlineMs = 2_000;

interface NativeDocument {
  readonly name: string;
  readonly state: 'ready' | 'booting';
  readonly backend: 'native';
  readonly dockerHost: string;
  readonly warnings: readonly string[];
  readonly guest: Health;
}

export interface NativeStatus {
  readonly ready: boolean;
  /** What `--json` prints. */
  readonly document: NativeDocument;
  readonly text: string;
}

/** Undefined where no engine of this name runs on this kernel, or it does not answer. */
export async function nativeStatus(
  engine: NativeEngine | undefined,
  name: string,
  signal: AbortSignal,
): Promise<NativeStatus | undefined> {
  const health = await engine
    ?.status(AbortSignal.any([signal, AbortSignal.timeout(deadlineMs)]))
    .then(parseHealth)
    .catch(() => undefined);
  signal.throwIfAborted();
  if (engine === undefined || health === undefined) return undefined;
  const { ready } = health.engine;
  const state = ready ? 'ready' : 'booting';
  const guest = guestFacts(health);
  const now = Date.now();
  const without = { host: undefined, restart: undefined, lastWord: undefined };
  const warnings = warningsOf({ now, mode: 'native', ready, guest, ...without });
  const dockerHost = `unix://${engine.dockerSocket}`;
  const rows = [
    { name: 'state', text: () => state },
    { name: 'backend', text: () => 'native' },
    { name: 'docker', text: () => dockerHost },
    ...engineRows,
    ...resourceRows,
  ];
  return {
    ready,
    document: { name, state, backend: 'native', dockerHost, warnings, guest: health },
    text: statusText(name, warnings, rows, { now, guest, vm: undefined, host: undefined }),
  };
}
