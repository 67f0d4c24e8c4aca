import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import { BulkheadError, isBulkheadError } from '../../common/errors/bulkhead-error.js';
import {
  type ContainerExplanation,
  type ExplainAnswer,
  explainAnswerSchema,
  type ExplainQuestion,
  explainQuestionSchema,
} from '../../common/explanation.js';
import { decideBody } from '../../gate/decide-request.js';
import { bindLocally } from '../../gate/port-bindings.js';
import { joinById } from '../../gate/joined-network.js';
import type { GatePolicy } from '../../gate/policy.js';
import { RequestBody } from '../../gate/request-body.js';
import type { Explanation } from '../../isolation/explain.js';
import type { Refusal } from '../../isolation/plan.js';
import { parseJson, stringifyJson } from '../../common/json.js';
import type { Decisions } from './decisions.js';
import type { EngineAnswer, EngineClient } from '../engine/engine-client.js';
import { trialBody, volumesNamedBy } from './trial-body.js';

export interface ExplainSources {
  readonly client: Pick<EngineClient, 'call' | 'containerId'>;
  readonly decisions: Decisions;
  readonly policy: GatePolicy;
  /** Throws where nobody may make a container: what is asked makes one, if one that never runs. */
  readonly mayCreate: () => void;
}

const afterwards =
  'Only a start shows what the kernel, the image (a missing program) or a taken port, name or address makes of it.';

/** Answers one question of `bulkhead explain`; what went wrong is an answer, too. */
export async function answerExplain(question: unknown, sources: ExplainSources): Promise<ExplainAnswer> {
  try {
    sources.mayCreate();
    const asked = explainQuestionSchema.parse(question);
    const answer = await ('container' in asked
      ? explainContainer(asked.container, sources)
      : explainCreate(asked, sources));
    // Integers beyond 2^53 are only shown here, not obeyed.
    return explainAnswerSchema.parse(JSON.parse(stringifyJson(answer)));
  } catch (error) {
    if (!isBulkheadError(error)) throw error;
    return { kind: 'error', code: error.code, params: { ...error.params } };
  }
}

async function explainContainer(
  name: string,
  { client, decisions }: ExplainSources,
): Promise<ContainerExplanation> {
  const request = `/containers/${encodeURIComponent(name)}/json`;
  const answer = await client.call('GET', request);
  if (answer.status === 404) throw new BulkheadError('BH_EXPLAIN_NO_CONTAINER', { container: name });
  if (answer.status !== 200) throw unexpected(`GET ${request}`, answer);
  const found = decisions.explain(idOf(answer));
  if (found === undefined) throw new BulkheadError('BH_EXPLAIN_NOT_STARTED', { container: name });
  return told(found, []);
}

/**
 * Explains a command line by the body its Docker CLI sends. The gate judges it first, by the very function it judges requests
 * with. Then the engine itself makes and starts such a container, so that the rules are asked about the specification,
 * the files and the namespaces of the real thing; the front door is then told no, whatever they say, and the container is
 * removed. No second reading of Docker's options can differ from the engine's, because there is none. Volumes that would be
 * made have names nobody else can know meanwhile, so that none but this trial's own are removed.
 */
async function explainCreate(
  { create: asked, platform }: Extract<ExplainQuestion, { create: string }>,
  sources: ExplainSources,
): Promise<ExplainAnswer> {
  const { refusal, create } = await judged(asked, sources);
  if (refusal !== undefined)
    return told({ refusals: [refusal], changes: [] }, [
      'The engine is not asked, so the rules for containers had no say.',
    ]);
  const { client } = sources;
  const body = parseJson(create);
  const before = await volumes(client);
  const query = platform === undefined ? '' : `?platform=${encodeURIComponent(platform)}`;
  const standIns = new Map(
    volumesNamedBy(body)
      .filter((name) => !before.has(name))
      .map((name) => [name, `bulkhead-explain-${randomBytes(16).toString('hex')}`]),
  );
  const trialCreate = stringifyJson(trialBody(body, standIns));
  const created = await client.call('POST', `/containers/create${query}`, trialCreate);
  try {
    const answer = created.status === 201 ? await trial(idOf(created), sources) : engineRefused(created);
    return withNamesAsked(answer, standIns);
  } finally {
    for (const name of standIns.values()) await client.call('DELETE', `/volumes/${name}`);
  }
}

/** The names need no escapes in JSON. */
function withNamesAsked(answer: ContainerExplanation, standIns: ReadonlyMap<string, string>): ExplainAnswer {
  let text = stringifyJson(answer);
  for (const [asked, standIn] of standIns) text = text.replaceAll(standIn, asked);
  return explainAnswerSchema.parse(JSON.parse(text));
}

async function trial(id: string, { client, decisions }: ExplainSources): Promise<ContainerExplanation> {
  const only = decisions.onlyExplain(id);
  try {
    const started = await client.call('POST', `/containers/${id}/start`);
    const found = decisions.explain(id);
    return found === undefined ? engineRefused(started) : told(found, [afterwards]);
  } finally {
    await client.call('DELETE', `/containers/${id}?force=1&v=1`);
    only.release();
  }
}

/** The body as the gate writes it, or why it refuses it. */
async function judged(
  asked: string,
  { client, policy }: ExplainSources,
): Promise<{ create: string; refusal?: Refusal }> {
  try {
    const body = new RequestBody(asked);
    await joinById(body, (reference) => client.containerId(reference));
    bindLocally(body, { policy });
    decideBody('ContainerCreate', body.folded, policy);
    return { create: body.text };
  } catch (error) {
    if (!isBulkheadError(error)) throw error;
    return { create: asked, refusal: { rule: 'gate', code: error.code, message: error.message } };
  }
}

function told({ refusals, changes }: Explanation, notes: readonly string[]): ContainerExplanation {
  return {
    kind: 'explanation',
    verdict: refusals.length === 0 ? 'isolated' : 'refused',
    refusals: [...refusals],
    changes: [...changes],
    notes: [...notes],
  };
}

function engineRefused(answer: EngineAnswer): ContainerExplanation {
  const note = `The engine itself answers: ${reasonOf(answer)}`;
  return { kind: 'explanation', verdict: 'engine-refused', refusals: [], changes: [], notes: [note] };
}

const idSchema = z.looseObject({ Id: z.string() });
const messageSchema = z.looseObject({ message: z.string() });
const volumesSchema = z.looseObject({ Volumes: z.array(z.looseObject({ Name: z.string() })).nullish() });

function idOf({ body }: EngineAnswer): string {
  return idSchema.parse(JSON.parse(body)).Id;
}

function reasonOf({ status, body }: EngineAnswer): string {
  try {
    return messageSchema.parse(JSON.parse(body)).message;
  } catch {
    return `status ${status}`;
  }
}

async function volumes(client: Pick<EngineClient, 'call'>): Promise<ReadonlySet<string>> {
  const answer = await client.call('GET', '/volumes');
  if (answer.status !== 200) throw unexpected('GET /volumes', answer);
  return new Set((volumesSchema.parse(JSON.parse(answer.body)).Volumes ?? []).map(({ Name }) => Name));
}

function unexpected(request: string, answer: EngineAnswer): BulkheadError {
  return new BulkheadError('BH_EXPLAIN_ENGINE', {
    request,
    status: answer.status,
    reason: reasonOf(answer),
  });
}
