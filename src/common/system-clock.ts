import { setTimeout as delay } from 'node:timers/promises';
import type { Clock } from './clock.js';

export const systemClock: Clock = {
  now: () => performance.now(),
  sleep: (ms, signal) => delay(ms, undefined, signal === undefined ? {} : { signal }),
};
