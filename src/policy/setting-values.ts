import { z } from 'zod';
import { engineOptionsText } from './engine-options.js';

/** The shape of a VM: the least and the most that may be asked for, and what it is where nobody asks. */
export const vmShape = {
  memoryMiB: { least: 512, most: 1_048_576, builtIn: 2048 },
  cpus: { least: 1, most: 64, builtIn: 2 },
  dataSizeGiB: { least: 1, most: 65_536, builtIn: 64 },
} as const;

const within = ({ least, most }: { readonly least: number; readonly most: number }): z.ZodInt =>
  z.int().min(least).max(most);

/** What a setting may be, wherever it is set: in the policy inside `{ "locked", "value" }`, in a user's file as it is. */
export const settingValues = {
  portBindingBehavior: z.enum([
    'default-port-binding',
    'default-local-port-binding',
    'local-only-port-binding',
  ]),
  dockerDaemonOptions: engineOptionsText,
  memoryMiB: within(vmShape.memoryMiB),
  cpus: within(vmShape.cpus),
  /** As `--share` takes them. */
  shares: z.array(z.string().regex(/^\/[^\0]*$/, 'not an absolute path, with :ro or :rw behind it or not')),
  dataSizeGiB: within(vmShape.dataSizeGiB),
} as const;

export type PortBindingBehavior = z.infer<typeof settingValues.portBindingBehavior>;
