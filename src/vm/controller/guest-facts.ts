import { z } from 'zod';
import { healthSchema } from '../../common/health.js';

const { shape } = healthSchema;

/** What a status is told from, of the guest's health document; each part is null where the guest did not say it in a form that makes sense. */
export const guestFactsSchema = z.object({
  engine: shape.engine.nullable(),
  services: shape.services.nullable(),
  isolation: shape.isolation.nullable(),
  policy: shape.policy.nullable(),
  audit: shape.audit.nullable(),
  memory: shape.memory.nullable(),
  dataDisk: shape.dataDisk,
  rootFilesystem: shape.rootFilesystem.nullable(),
  /** Null also where nobody has to sign in. */
  signIn: shape.signIn,
});

export type GuestFacts = z.infer<typeof guestFactsSchema>;

/** The guest is not trusted, and may be older than this program: a part that is missing or odd takes no other with it. */
export function guestFacts(document: unknown): GuestFacts {
  const part = <Part extends z.ZodType>(name: string, schema: Part): z.output<Part> | null => {
    const value: unknown =
      typeof document === 'object' && document !== null ? Reflect.get(document, name) : undefined;
    return value === undefined ? null : (schema.safeParse(value).data ?? null);
  };
  return {
    engine: part('engine', shape.engine),
    services: part('services', shape.services),
    isolation: part('isolation', shape.isolation),
    policy: part('policy', shape.policy),
    audit: part('audit', shape.audit),
    memory: part('memory', shape.memory),
    dataDisk: part('dataDisk', shape.dataDisk),
    rootFilesystem: part('rootFilesystem', shape.rootFilesystem),
    signIn: part('signIn', shape.signIn),
  };
}
