import type { IncomingMessage, ServerResponse } from 'node:http';
import { BulkheadError } from '../../common/errors/bulkhead-error.js';
import type { CompiledRules } from '../compiled-rules.js';
import type { AdmittedContents } from '../image-access/known-contents.js';
import type { RegistryOperation } from '../registry-requests/operation.js';
import { hasForm, readRequest } from '../registry-requests/read-request.js';
import type { Permit } from '../verdict.js';
import { decideRequest } from './decide-request.js';
import { type Message, readMessage, UnreadableMessage } from './read-message.js';
import { type Place, placeText } from './place.js';
import type { Pulled } from './pulled.js';
import { readAll } from './read-all.js';

/** What an exchange is decided by, and tells. */
export interface Deciding {
  /** Those in force now. */
  readonly rules: () => CompiledRules;
  readonly known: AdmittedContents;
  readonly pulled: Pulled;
}

/** A request that may go to its registry. */
export interface Decided {
  readonly place: Place;
  readonly message: Message;
  readonly operation: RegistryOperation;
  readonly permit: Permit;
  /** In force when it was decided. */
  readonly rules: CompiledRules;
  /** Undefined where the body is still to come. */
  readonly form: Buffer | undefined;
}

/** One request of the engine's, and where its answer goes. */
export interface Exchange {
  readonly place: Place;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
}

/** Of a form that asks for a token. */
const longestForm = 64 * 1024;

/**
 * Reads a request and decides it.
 *
 * @throws BulkheadError the refusal, to be shown.
 */
export async function decideExchange({ place, request }: Exchange, deciding: Deciding): Promise<Decided> {
  const rules = deciding.rules();
  const unreadable = (reason: string): BulkheadError =>
    new BulkheadError('BH_REGISTRY_REQUEST', { host: placeText(place), reason, contact: rules.contact });
  const message = readOrThrow(request, place, unreadable);
  const { method, target, host, contentType } = message;
  const form = hasForm(method, contentType) ? await readForm(request, message, unreadable) : undefined;
  const head = { method, target, host, ...(form === undefined ? {} : { form: form.toString('latin1') }) };
  const read = readRequest(head);
  if (read.kind === 'unreadable') throw unreadable(read.reason);
  const { operation } = read;
  // Threat: Go takes parameters, such as where a blob is taken over from, out of such a body before those of the query.
  if (
    isForm(contentType) &&
    (form === undefined || (operation.kind !== 'token' && operation.kind !== 'other'))
  )
    throw unreadable('its body is a form');
  const verdict = decideRequest(rules, place, operation, deciding.known);
  if (verdict.verdict === 'refuse') throw verdict.error;
  return { place, message, operation, permit: verdict, rules, form };
}

function readOrThrow(
  request: IncomingMessage,
  place: Place,
  unreadable: (reason: string) => BulkheadError,
): Message {
  const { method = '', url = '', httpVersion, rawHeaders } = request;
  try {
    return readMessage({ method, target: url, version: httpVersion, rawHeaders }, place);
  } catch (error) {
    if (error instanceof UnreadableMessage) throw unreadable(error.message);
    throw error;
  }
}

async function readForm(
  request: IncomingMessage,
  { fields }: Message,
  unreadable: (reason: string) => BulkheadError,
): Promise<Buffer> {
  if (fields.some(([name]) => name === 'content-encoding')) throw unreadable('its form is encoded');
  const form = await readAll(request, longestForm);
  if (form === undefined) throw unreadable(`its form is longer than ${longestForm} bytes`);
  return form;
}

function isForm(contentType: string | undefined): boolean {
  return /x-www-form-urlencoded/i.test(contentType ?? '');
}
