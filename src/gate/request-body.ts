import { BulkheadError } from '../common/errors/bulkhead-error.js';
import { stringifyJson } from '../common/json.js';
import { type EngineJson, foldJson, foldKey, readEngineJson } from './engine-json.js';
import { asObject, objectAt } from './fields.js';

type Entries = readonly (readonly [string, unknown])[];

/**
 * The JSON body of one request: read once, edited in place, decided on in the reading the engine has, and written anew. Threat: each
 * rule that reads the text for itself may read another request out of it than the next rule, or than the engine.
 */
export class RequestBody {
  readonly #original: string;
  /** As parseJson gives it: nothing lost, keys as they are spelt. */
  #value: unknown;
  #folded: EngineJson;
  #edited = false;

  /** Throws `BH_GATE_BODY` for a text that the engine might read otherwise. */
  constructor(text: string) {
    this.#original = text;
    ({ value: this.#value, folded: this.#folded } = readEngineJson(text));
  }

  /** What the rules decide on: keys folded as Go does, edits included. */
  get folded(): EngineJson {
    return this.#folded;
  }

  /** The text as it was sent, unless something was edited. */
  get text(): string {
    return this.#edited ? this.written() : this.#original;
  }

  /** The text as the engine is to get it, written from what was understood. */
  written(): string {
    return stringifyJson(this.#value);
  }

  /** What the body's `HostConfig` has under this name, however both are spelt. Throws `BH_GATE_BODY` where there can be none. */
  hostConfig(key: string): unknown {
    return valueAt(this.#hostConfig(), foldKey(key));
  }

  /** Puts a value there, under this name alone. Throws likewise. */
  setHostConfig(key: string, value: unknown): void {
    this.#value = withKey(
      asEntries(this.#value, 'the body'),
      'HostConfig',
      withKey(this.#hostConfig(), key, value),
    );
    const body = asObject(this.#folded, 'the body');
    const hostConfig = new Map(objectAt(body, 'hostconfig')).set(foldKey(key), foldJson(value));
    this.#folded = new Map(body).set('hostconfig', hostConfig);
    this.#edited = true;
  }

  /** Puts a value into the body itself, under this name alone. Throws likewise. */
  set(key: string, value: unknown): void {
    this.#value = withKey(asEntries(this.#value, 'the body'), key, value);
    this.#folded = new Map(asObject(this.#folded, 'the body')).set(foldKey(key), foldJson(value));
    this.#edited = true;
  }

  #hostConfig(): Entries {
    const body = asEntries(this.#value, 'the body');
    return asEntries(valueAt(body, 'hostconfig') ?? {}, 'HostConfig');
  }
}

function asEntries(value: unknown, what: string): Entries {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return Object.entries(value);
  throw new BulkheadError('BH_GATE_BODY', { reason: `${what} is not an object` });
}

function valueAt(entries: Entries, folded: string): unknown {
  return entries.find(([key]) => foldKey(key) === folded)?.[1];
}

/** The object with one value under this name alone, however it was spelt. `fromEntries` makes even `__proto__` a key like others. */
function withKey(entries: Entries, key: string, value: unknown): object {
  const others = entries.filter(([other]) => foldKey(other) !== foldKey(key));
  return Object.fromEntries([...others, [key, value]]);
}
