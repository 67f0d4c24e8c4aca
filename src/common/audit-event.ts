import { z } from 'zod';

/** Who asked: decided by the socket a connection came in by and by the sign-in, never by what is said on it. */
const callerSchema = z.discriminatedUnion('kind', [
  /** Whoever may open the developer's socket. */
  z.strictObject({ kind: z.literal('developer') }),
  /** A container with a filtered socket of its own: full id, and its image as it was asked for. */
  z.strictObject({ kind: z.literal('container'), id: z.string(), image: z.string() }),
  /** A developer who is signed in: the subject at the organization's identity provider. */
  z.strictObject({ kind: z.literal('user'), subject: z.string(), name: z.string().optional() }),
  /** The engine: it asks for a container's start, whoever asked it. */
  z.strictObject({ kind: z.literal('engine') }),
  /** A step of a build; which one nobody knows. */
  z.strictObject({ kind: z.literal('build') }),
  /** Somebody in the engine's networks whom the engine does not know. */
  z.strictObject({ kind: z.literal('nobody') }),
  /** bulkheadd itself. */
  z.strictObject({ kind: z.literal('bulkheadd') }),
]);

export type AuditCaller = z.infer<typeof callerSchema>;

/** Whether it was let through. `failed`: no decision was reached, and so it was not. */
const outcome = z.enum(['allowed', 'refused', 'failed']);

/** What a decision came from; absent where nothing refused. */
const reason = {
  /** Of the error registry (docs/errors.md). */
  code: z.string().optional(),
  /** Name of the rule, as in the refusal's sentence. */
  rule: z.string().optional(),
  /** The setting of the policy, or the option, that decides it, where there is one. */
  setting: z.string().optional(),
};

const position = {
  /** One more than the line before, for as long as the data disk lives: a number that is missing is a line that was lost. */
  seq: z.int().min(0),
  /** Of one run of bulkheadd. */
  boot: z.string(),
  /** When it was decided, by the clock of the engine's machine. */
  time: z.iso.datetime(),
};

/** One request to the Docker API: the gate's decision, and dockerd's answer if it came to that. */
const requestSchema = z.strictObject({
  ...position,
  kind: z.literal('request'),
  outcome,
  who: callerSchema,
  /** The client finds it in the header `X-Bulkhead-Request-Id` of a refusal. */
  request: z.string(),
  /** operationId of Docker's API description, such as ContainerCreate; absent for what is none of its operations. */
  operation: z.string().optional(),
  /** Both absent when the request could not be read. The path is without version and query: a query may hold secrets. */
  method: z.string().optional(),
  path: z.string().optional(),
  ...reason,
  /** Which line of defence refused: the gate, or the same rules asked by dockerd about what it has read itself. */
  by: z.enum(['gate', 'authorization']).optional(),
  /** HTTP status of the answer; absent when the client left before there was one. */
  status: z.int().optional(),
  /** As the request names it, or the id of the container it made. */
  container: z.string().optional(),
  image: z.string().optional(),
});

/** A container the engine wanted to start, `docker build` steps included: what isolation made of its final specification. */
const containerSchema = z.strictObject({
  ...position,
  kind: z.literal('container'),
  outcome,
  who: callerSchema,
  /** Of runc: create, run, restore; or what bulkheadd did with one that ran: stop. */
  command: z.string(),
  /** Full id; of a build step, BuildKit's. */
  container: z.string(),
  image: z.string().optional(),
  ...reason,
});

/** The policy bulkheadd runs with, or refuses to, told at each of its starts. */
const policySchema = z.strictObject({
  ...position,
  kind: z.literal('policy'),
  outcome,
  who: callerSchema,
  /** `none` without one, `unknown` of one that was refused; else its serial number, or `unnumbered`. */
  policy: z.string(),
  /** SHA-256 of the file it was read from. */
  sha256: z.string().optional(),
  /** Of bulkheadd. */
  version: z.string(),
  mode: z.enum(['vm', 'native']),
  ...reason,
});

/** Somebody signed in or out, or was refused. */
const signInSchema = z.strictObject({
  ...position,
  kind: z.literal('sign-in'),
  outcome,
  who: callerSchema,
  action: z.enum(['sign-in', 'sign-out']),
  ...reason,
});

/** Whether a container got a Docker socket of its own. */
const socketMountSchema = z.strictObject({
  ...position,
  kind: z.literal('socket-mount'),
  outcome,
  who: callerSchema,
  request: z.string().optional(),
  container: z.string().optional(),
  image: z.string().optional(),
  ...reason,
});

/** A connection to the world, or a name that is asked for: what the gateway decided of it. */
const connectionSchema = z.strictObject({
  ...position,
  kind: z.literal('connection'),
  outcome,
  who: callerSchema,
  /** Where to, as the client knows it: an address with its port, or a name. */
  destination: z.string(),
  /** Of one that was allowed: nobody was reached there, or who asked for it had gone by then. */
  reached: z.literal(false).optional(),
  ...reason,
});

/** Decisions that have no line, because there were too many of the same kind: since the last such line. */
const suppressedSchema = z.strictObject({
  ...position,
  kind: z.literal('suppressed'),
  /** Largest first. */
  decisions: z.array(
    z.strictObject({
      who: callerSchema,
      outcome,
      code: z.string().optional(),
      /** Of those that were allowed: whether they only read. */
      reading: z.boolean().optional(),
      count: z.int().min(1),
    }),
  ),
  /** The sum of those not told apart. */
  others: z.int().min(0),
});

/** Lines that could not be written, as on a full disk; their numbers are missing in the log. */
const lostSchema = z.strictObject({
  ...position,
  kind: z.literal('lost'),
  count: z.int().min(1),
  /** What the system said the last time. */
  reason: z.string(),
});

/** To one reader alone: it was too slow, and this many lines were passed over for it. They are in the log. */
const behindSchema = z.strictObject({ kind: z.literal('behind'), count: z.int().min(1) });

/** One line of the audit log. */
export const auditEventSchema = z.discriminatedUnion('kind', [
  requestSchema,
  containerSchema,
  policySchema,
  signInSchema,
  socketMountSchema,
  connectionSchema,
  suppressedSchema,
  lostSchema,
]);

/** What a reader of the log gets. */
export const auditLineSchema = z.discriminatedUnion('kind', [...auditEventSchema.options, behindSchema]);

export type AuditEvent = z.infer<typeof auditEventSchema>;
export type AuditLine = z.infer<typeof auditLineSchema>;

type WithoutPosition<Event> = Event extends AuditEvent ? Omit<Event, keyof typeof position> : never;

/** An event before it has its place in the log. */
export type AuditFacts = WithoutPosition<AuditEvent>;

/** A decision somebody is to be told of: any event but those the log makes about itself. */
export type Decision = Exclude<AuditFacts, { readonly kind: 'suppressed' | 'lost' }>;

/** What the host's gateway decided, as it tells bulkheadd, a JSON line each. */
export const connectionDecisionSchema = connectionSchema.omit({ seq: true, boot: true, time: true });
export type ConnectionDecision = z.infer<typeof connectionDecisionSchema>;

/** Which part of the log to read. */
export interface AuditQuery {
  /** Go on with new lines as they come. */
  readonly follow?: boolean;
  /** Only what is not older: ISO 8601 with a Z. */
  readonly since?: string;
}
