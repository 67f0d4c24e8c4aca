import { join } from 'node:path';
import { execa } from 'execa';
import { z } from 'zod';

export const speakOrderSchema = z.object({
  host: z.string(),
  port: z.number(),
  /** From where; any port where absent. */
  localPort: z.number().optional(),
  /** In TLS, for this name, whoever answers. */
  serverName: z.string().optional(),
  say: z.string(),
  /** What is waited for; the end of the connection where absent. */
  until: z.string().optional(),
});
export type SpeakOrder = Readonly<z.infer<typeof speakOrderSchema>>;

const spokenSchema = z.object({
  /** What the server said; one that cannot be had, or does not answer in 25 s, nothing. */
  said: z.string(),
  /** The names of its certificate. */
  subject: z.string().optional(),
});
export type Spoken = z.infer<typeof spokenSchema>;

const program = join(import.meta.dirname, 'speak.ts');

/** Speaks to a server in the network of a process. */
export async function speakIn(pid: number, order: SpeakOrder): Promise<Spoken> {
  const words = ['-t', String(pid), '-n', '--', process.execPath, program, JSON.stringify(order)];
  return spokenSchema.parse(JSON.parse((await execa('/usr/bin/nsenter', words)).stdout));
}
