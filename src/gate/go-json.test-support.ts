/**
 * A second reader of JSON, after Go's encoding/json (scanner.go, decode.go; Go 1.24), that shares no line with ours: it keeps every member of an
 * object, in order and as often as it stands there, and puts U+FFFD for half a surrogate pair.
 */
export type GoJson = string | number | boolean | null | GoJson[] | { readonly members: [string, GoJson][] };

/** `undefined` for a text Go refuses. */
export function readAsGo(text: string): GoJson | undefined {
  const reader = new Reader(text);
  try {
    return reader.whole();
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

const escapes: Readonly<Record<string, string>> = {
  '"': '"',
  '\\': '\\',
  '/': '/',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
};
const number = /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/y;

class Reader {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  whole(): GoJson {
    const value = this.#value();
    this.#blanks();
    if (this.#at < this.#text.length) this.#fail();
    return value;
  }

  #value(): GoJson {
    this.#blanks();
    for (const [word, value] of [
      ['null', null],
      ['true', true],
      ['false', false],
    ] as const) {
      if (!this.#text.startsWith(word, this.#at)) continue;
      this.#at += word.length;
      return value;
    }
    switch (this.#text[this.#at]) {
      case undefined:
        return this.#fail();
      case '"':
        return this.#string();
      case '[':
        return this.#list(']', () => this.#value());
      case '{':
        return { members: this.#list('}', () => this.#member()) };
      default:
        return this.#number();
    }
  }

  #member(): [string, GoJson] {
    this.#blanks();
    const key = this.#string();
    this.#blanks();
    this.#expect(':');
    return [key, this.#value()];
  }

  #list<Item>(end: string, item: () => Item): Item[] {
    const items: Item[] = [];
    this.#at += 1;
    this.#blanks();
    if (this.#text[this.#at] === end) {
      this.#at += 1;
      return items;
    }
    for (;;) {
      items.push(item());
      this.#blanks();
      if (this.#text[this.#at] === end) {
        this.#at += 1;
        return items;
      }
      this.#expect(',');
    }
  }

  #string(): string {
    this.#expect('"');
    const units: string[] = [];
    for (;;) {
      const unit = this.#text[this.#at] ?? this.#fail();
      this.#at += 1;
      // Go's string is of whole characters by then.
      if (unit === '"') return units.join('').toWellFormed();
      if (unit < ' ') this.#fail();
      units.push(unit === '\\' ? this.#escape() : unit);
    }
  }

  #escape(): string {
    const letter = this.#text[this.#at] ?? this.#fail();
    this.#at += 1;
    const plain = escapes[letter];
    if (plain !== undefined) return plain;
    const digits = /^[0-9a-fA-F]{4}/.exec(this.#text.slice(this.#at, this.#at + 4))?.[0];
    if (letter !== 'u' || digits === undefined) this.#fail();
    this.#at += 4;
    return String.fromCharCode(Number.parseInt(digits ?? '', 16));
  }

  #number(): number {
    number.lastIndex = this.#at;
    const found = number.exec(this.#text)?.[0] ?? this.#fail();
    this.#at += found.length;
    return Number(found);
  }

  #blanks(): void {
    while (' \t\r\n'.includes(this.#text[this.#at] ?? 'x')) this.#at += 1;
  }

  #expect(character: string): void {
    if (this.#text[this.#at] !== character) this.#fail();
    this.#at += 1;
  }

  #fail(): never {
    throw new SyntaxError(`at ${this.#at}`);
  }
}
