import { z } from 'zod';
import { type HostPattern, parseHostPattern } from '../common/host-pattern.js';
import { hostText } from '../common/authority.js';
import { registryName } from '../common/registry-name.js';

const host = z
  .string()
  .refine(
    (text) => parseHostPattern(text) !== undefined,
    'not a host such as ghcr.io, *.example.com or 10.0.0.5; a port has a key of its own',
  );

/** 443 where absent; `*` for all. */
const port = z.union([z.int().min(1).max(65_535), z.literal('*')], 'not a port, nor "*"').default(443);

const rule = z.strictObject({
  /** `docker.io` stands for the Hub and all hosts of its. */
  host,
  port,
  pull: z.boolean().default(true),
  push: z.boolean().default(false),
  /** Where the registry sends its clients: nothing else of these hosts is opened. */
  alsoHosts: z
    .array(z.strictObject({ host, port, role: z.enum(['blobs', 'token', 'registry']).default('blobs') }))
    .optional(),
});

/** `bulkhead.registryAccess`: which registries the engine and containers may reach. What no rule names is refused. */
export const registryAccessSchema = z.strictObject({
  rules: z.array(rule).superRefine((rules, context) => {
    const first = new Map<string, number>();
    for (const [index, { host: text, port: number }] of rules.entries()) {
      const pattern = parseHostPattern(text);
      if (pattern === undefined) continue;
      const key = `${nameOf(pattern)} ${number}`;
      const earlier = first.get(key);
      if (earlier === undefined) first.set(key, index);
      else
        context.addIssue({
          code: 'custom',
          path: [index, 'host'],
          message: `rule ${earlier} is for it already`,
        });
    }
  }),
});

export type RegistryAccess = z.infer<typeof registryAccessSchema>;
export type RegistryRule = RegistryAccess['rules'][number];

/** The Hub's registry by any of its names is one. */
function nameOf({ below, host: name }: HostPattern): string {
  return below ? `*.${hostText(name)}` : registryName(name, undefined);
}
