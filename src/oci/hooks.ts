import { z } from 'zod';
import { int32 } from './numbers.js';

/** config.md "POSIX-platform Hooks". All but two kinds run as root outside the container. */

const hook = z.strictObject({
  path: z.string(),
  args: z.array(z.string()).optional(),
  env: z.array(z.string()).optional(),
  timeout: int32.optional(),
});

export const hooksSchema = z.strictObject({
  prestart: z.array(hook).optional(),
  createRuntime: z.array(hook).optional(),
  createContainer: z.array(hook).optional(),
  startContainer: z.array(hook).optional(),
  poststart: z.array(hook).optional(),
  poststop: z.array(hook).optional(),
});

export type Hook = z.infer<typeof hook>;
export type Hooks = z.infer<typeof hooksSchema>;
