import type { JsonObject, JsonValue } from './json-value.js';

/** Where something stands in a text: both from 1, columns in UTF-16 units as editors count them. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

export type JsonPath = readonly (string | number)[];

export interface LocatedJson {
  /** As JSON.parse gives it: `__proto__` is a key like any other. */
  readonly value: JsonValue;
  /** Of a member's key or an array's item; of what holds it where the path leads nowhere. */
  readonly positionOf: (path: JsonPath) => Position;
}

/** A text that is not JSON, or not JSON we take. */
export class JsonProblem extends Error {
  readonly position: Position;
  readonly path: JsonPath;

  constructor(reason: string, position: Position, path: JsonPath) {
    super(reason);
    this.name = 'JsonProblem';
    this.position = position;
    this.path = path;
  }
}

/** Deeper than any policy is; bounds the recursion. */
const deepest = 32;

/**
 * Reads JSON (RFC 8259) and remembers where everything stood. Stricter than JSON.parse, which takes the last of two equal keys without
 * a word: an administrator who writes a key twice, in any case of its letters, must hear of it.
 *
 * @throws JsonProblem for whatever is not JSON, a key twice in one object, or nesting beyond 32.
 */
export function parseLocatedJson(text: string): LocatedJson {
  const reader = new Reader(text);
  const value = reader.document();
  return {
    value,
    positionOf: (path) => {
      for (let length = path.length; length > 0; length -= 1) {
        const offset = reader.offsets.get(pathKey(path.slice(0, length)));
        if (offset !== undefined) return reader.position(offset);
      }
      return { line: 1, column: 1 };
    },
  };
}

function pathKey(path: JsonPath): string {
  return JSON.stringify(path);
}

function lineStartsOf(text: string): number[] {
  return [0, ...Array.from(text.matchAll(/\n/g), ({ index }) => index + 1)];
}

const whitespace = /[ \t\n\r]*/y;
const number = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
// oxlint-disable-next-line no-control-regex -- control characters are what RFC 8259 §7 forbids here
const string = /"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/y;
const literals = new Map<string, JsonValue>([
  ['true', true],
  ['false', false],
  ['null', null],
]);

class Reader {
  readonly offsets = new Map<string, number>();
  readonly #text: string;
  readonly #path: (string | number)[] = [];
  #at = 0;
  #lineStarts: readonly number[] | undefined;

  constructor(text: string) {
    this.#text = text;
  }

  document(): JsonValue {
    if (this.#text.startsWith('\uFEFF')) this.#fail('it begins with a byte order mark');
    const value = this.#value();
    if (this.#peek() !== '') this.#fail(`${this.#found()} after the end of the document`);
    return value;
  }

  /** By halving: a file of the largest size may have a problem on each of its lines. */
  position(offset: number): Position {
    const starts = (this.#lineStarts ??= lineStartsOf(this.#text));
    let [low, high] = [0, starts.length];
    while (high - low > 1) {
      const middle = (low + high) >>> 1;
      if ((starts[middle] ?? 0) <= offset) low = middle;
      else high = middle;
    }
    return { line: low + 1, column: offset - (starts[low] ?? 0) + 1 };
  }

  #value(): JsonValue {
    const next = this.#peek();
    if (next === '{') return this.#object();
    if (next === '[') return this.#array();
    if (next === '"') return this.#string();
    for (const [word, value] of literals) {
      if (!this.#text.startsWith(word, this.#at)) continue;
      this.#at += word.length;
      return value;
    }
    const digits = this.#match(number);
    if (digits === undefined) this.#fail(`${this.#found()} where a value should be`);
    return Number(digits);
  }

  #object(): JsonObject {
    const members: [string, JsonValue][] = [];
    const seen = new Set<string>();
    this.#list('}', () => {
      const offset = this.#at;
      if (this.#peek() !== '"') this.#fail(`${this.#found()} where a key should be`);
      const key = this.#string();
      this.#inside(key, offset, () => {
        if (seen.has(key.toLowerCase())) this.#fail('this key stands here twice', offset);
        seen.add(key.toLowerCase());
        if (this.#peek() !== ':') this.#fail(`${this.#found()} where a colon should be`);
        this.#at += 1;
        members.push([key, this.#value()]);
      });
    });
    return Object.fromEntries(members);
  }

  #array(): JsonValue[] {
    const items: JsonValue[] = [];
    this.#list(']', () => {
      this.#inside(items.length, this.#at, () => items.push(this.#value()));
    });
    return items;
  }

  /** What stands between brackets, separated by commas, none after the last. */
  #list(close: string, item: () => void): void {
    if (this.#path.length >= deepest) this.#fail(`it is nested deeper than ${deepest}`);
    this.#at += 1;
    if (this.#peek() === close) {
      this.#at += 1;
      return;
    }
    for (;;) {
      this.#peek();
      item();
      const next = this.#peek();
      if (next !== ',' && next !== close) this.#fail(`${this.#found()} where , or ${close} should be`);
      const comma = this.#at;
      this.#at += 1;
      if (next === close) return;
      if (this.#peek() === close) this.#fail(`a comma before ${close}`, comma);
    }
  }

  #inside(name: string | number, offset: number, read: () => void): void {
    this.#path.push(name);
    this.offsets.set(pathKey(this.#path), offset);
    read();
    this.#path.pop();
  }

  #string(): string {
    const offset = this.#at;
    const literal = this.#match(string);
    if (literal === undefined) this.#fail('a string that is not closed, or holds what JSON does not allow');
    const value = String(JSON.parse(literal));
    if (!value.isWellFormed())
      this.#fail('a string with half a surrogate pair, which no encoding has', offset);
    return value;
  }

  #match(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#text)?.[0];
    if (found !== undefined) this.#at += found.length;
    return found;
  }

  /** Skips white space. @returns the next character, empty at the end. */
  #peek(): string {
    this.#match(whitespace);
    return this.#text.charAt(this.#at);
  }

  #found(): string {
    const character = this.#text.charAt(this.#at);
    return character === '' ? 'the file ends' : `${JSON.stringify(character)} stands`;
  }

  #fail(reason: string, offset = this.#at): never {
    throw new JsonProblem(reason, this.position(offset), [...this.#path]);
  }
}
