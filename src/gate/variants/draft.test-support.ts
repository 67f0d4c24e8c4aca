/** A request before it is written down: what the variations vary. */
export interface Draft {
  readonly method: string;
  /** `/v1.51`, or nothing. */
  readonly version: string;
  /** Without version, decoded. */
  readonly path: string;
  /** As in the query of a URL, without the question mark. */
  readonly query: string | undefined;
  /** Text of a JSON body. */
  readonly body: string | undefined;
}

/** What a writer may do otherwise than the plain form does. */
export interface Written {
  readonly startLine?: string;
  readonly target?: string;
  readonly fields?: readonly string[];
  /** Fields that frame the body, instead of its length. */
  readonly framing?: readonly string[];
  readonly contentType?: string | undefined;
  readonly body?: Buffer;
}

export function targetOf({ version, path, query }: Draft): string {
  return `${version}${path}${query === undefined ? '' : `?${query}`}`;
}

/** The bytes of a request, in the plain form but for what is given. */
export function write(draft: Draft, written: Written = {}): Buffer {
  const text = draft.body === undefined ? undefined : Buffer.from(draft.body);
  const body = written.body ?? text ?? Buffer.alloc(0);
  const type = 'contentType' in written ? written.contentType : 'application/json';
  const framing = written.framing ?? (text === undefined ? [] : [`Content-Length: ${body.length}`]);
  const lines = [
    written.startLine ?? `${draft.method} ${written.target ?? targetOf(draft)} HTTP/1.1`,
    ...(written.fields ?? ['Host: docker']),
    ...(text === undefined || type === undefined ? [] : [`Content-Type: ${type}`]),
    ...framing,
  ];
  return Buffer.concat([Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1'), body]);
}

/**
 * What a variation is to come to: the decision of its plain form, or a refusal because no two readers need agree on it (400, or 403 for a body), because
 * there is no such endpoint, or because no such version of the API is known.
 */
export type Outcome = 'same' | 'unreadable' | 'unknown' | 'too-new';

/** One way to say a request otherwise. */
export interface Variation {
  readonly name: string;
  readonly outcome: Outcome;
  /** What of a request it varies; requests without it have no such variation. */
  readonly needs?: 'body' | 'query';
  /** The gate takes it for another spelling, and dockerd does not: it asks without a body, which is refused (403), and would answer 400. */
  readonly notOfDockerd?: boolean;
  readonly write: (draft: Draft) => Buffer;
}

const codes: Readonly<Record<Exclude<Outcome, 'same'>, RegExp>> = {
  unreadable: /\((?:BH_GATE_HTTP|BH_GATE_BODY)\)/,
  unknown: /\(BH_GATE_UNKNOWN_ENDPOINT\)/,
  'too-new': /\(BH_GATE_API_VERSION\)/,
};

/** @param plain the code the plain form is refused with. */
export function codeOf(outcome: Outcome, plain: string): RegExp {
  return outcome === 'same' ? new RegExp(String.raw`\(${plain}\)`) : codes[outcome];
}
