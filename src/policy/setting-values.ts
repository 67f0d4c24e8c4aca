import { z } from 'zod';
import { engineOptionsText } from './engine-options.js';

/** What a setting may be, wherever it is set: in the policy inside `{ "locked", "value" }`, in a user's file as it is. */
export const settingValues = {
  portBindingBehavior: z.enum([
    'default-port-binding',
    'default-local-port-binding',
    'local-only-port-binding',
  ]),
  dockerDaemonOptions: engineOptionsText,
  memoryMiB: z.int().min(512).max(1_048_576),
  cpus: z.int().min(1).max(64),
  /** As `--share` takes them. */
  shares: z.array(z.string().regex(/^\/[^\0]*$/, 'not an absolute path, with :ro or :rw behind it or not')),
  dataSizeGiB: z.int().min(1).max(65_536),
} as const;

export type PortBindingBehavior = z.infer<typeof settingValues.portBindingBehavior>;
