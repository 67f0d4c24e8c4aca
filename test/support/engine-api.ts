import { type IncomingHttpHeaders, type IncomingMessage, request } from 'node:http';

export interface ApiAnswer {
  readonly status: number;
  readonly text: string;
  readonly headers: IncomingHttpHeaders;
}

export interface ApiRequest {
  readonly method: string;
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Text and bytes are sent as they are, any other object as JSON. */
  readonly body?: object | string | Uint8Array;
}

/** One request on an engine socket, with nothing of a client in between. */
export async function callEngine(
  socketPath: string,
  { method, path, headers = {}, body }: ApiRequest,
): Promise<ApiAnswer> {
  const sent = request({
    socketPath,
    /* A connection of its own, closed with the answer: tests count what the daemon keeps open. */
    agent: false,
    method,
    path,
    headers: { ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
  });
  const answered = new Promise<IncomingMessage>((resolve, reject) => {
    sent.once('response', resolve);
    sent.once('error', reject);
  });
  /* An engine that refuses a request may close before it has read all of it. */
  sent.on('error', () => undefined);
  const isJson = typeof body === 'object' && !(body instanceof Uint8Array);
  sent.end(isJson ? JSON.stringify(body) : body);
  const response = await answered;
  response.setEncoding('utf8');
  let text = '';
  for await (const chunk of response) text += String(chunk);
  return { status: response.statusCode ?? 0, text, headers: response.headers };
}
