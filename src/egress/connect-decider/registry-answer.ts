import type { IncomingMessage } from 'node:http';
import { z } from 'zod';
import { orNothing } from '../../common/cause.js';

/** What a destination says to a question whether it is a registry. */
export type RegistryAnswer =
  | { readonly kind: 'registry' }
  /** To another path of the same server. */
  | { readonly kind: 'moved'; readonly path: string }
  /** To another server, which is asked itself when somebody connects to it. */
  | { readonly kind: 'elsewhere' }
  /** It says how to sign in, and nothing of what it is. */
  | { readonly kind: 'password' }
  /** It can't answer now, and what it is it does not say. */
  | { readonly kind: 'passing' }
  | { readonly kind: 'other' };

/** Bytes: a registry answers `{}`, or an error. */
const longestBody = 4096;
const redirects: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);
/** Of a server that is busy, or is asked too often. */
const passing: ReadonlySet<number> = new Set([408, 425, 429]);
/** Faults of a server's that it will have in an hour as well: there is nothing there, whatever is asked for. */
const lasting: ReadonlySet<number> = new Set([501, 505]);
/** What the distribution specification calls a refusal without a sign-in, and with one. */
const refusals: ReadonlySet<unknown> = new Set(['UNAUTHORIZED', 'DENIED']);

/** @param origin of whoever was asked, as a URL has it; @param path what was asked for. */
export async function readRegistryAnswer(
  response: IncomingMessage,
  origin: string,
  path: string,
): Promise<RegistryAnswer> {
  const { statusCode = 0, headers } = response;
  response.on('error', ignore);
  try {
    if (headers['docker-distribution-api-version'] !== undefined) return { kind: 'registry' };
    if (redirects.has(statusCode)) return ledTo(headers.location, origin, path);
    if (statusCode === 401) return await unauthorized(response);
    if (passing.has(statusCode) || (statusCode >= 500 && !lasting.has(statusCode)))
      return { kind: 'passing' };
    const isPing = statusCode === 200 && /^\s*\{\s*\}\s*$/.test((await shortBody(response)) ?? '');
    return { kind: isPing ? 'registry' : 'other' };
  } finally {
    response.destroy();
  }
}

async function unauthorized(response: IncomingMessage): Promise<RegistryAnswer> {
  const challenge = response.headers['www-authenticate'] ?? '';
  const isBearer = /\bbearer\s/i.test(challenge);
  // Where a token is to be had, as the distribution's authentication has it.
  if (isBearer && /\bservice=/i.test(challenge)) return { kind: 'registry' };
  if (isRefusal(await shortBody(response))) return { kind: 'registry' };
  // Without a way to sign in no client of registries goes on; of services that are none many answer so.
  const signsIn = /\bbasic\b/i.test(challenge) || (isBearer && /\brealm="?https?:/i.test(challenge));
  return { kind: signsIn ? 'password' : 'other' };
}

function ledTo(location: string | undefined, origin: string, path: string): RegistryAnswer {
  const asked = URL.parse(path, origin);
  const target = location === undefined || asked === null ? null : URL.parse(location, asked.href);
  if (target === null) return { kind: 'other' };
  if (target.origin !== asked?.origin) return { kind: 'elsewhere' };
  return { kind: 'moved', path: `${target.pathname}${target.search}` };
}

/** Undefined where it is longer than those of registries. */
async function shortBody(response: AsyncIterable<Buffer>): Promise<string | undefined> {
  let text = '';
  for await (const chunk of response) {
    text += chunk.toString('latin1');
    if (text.length > longestBody) return undefined;
  }
  return text;
}

const errorsSchema = z.looseObject({ errors: z.array(z.looseObject({ code: z.unknown() })) });

/** An error of the specification: `{"errors":[{"code":"UNAUTHORIZED"}]}`. */
function isRefusal(body: string | undefined): boolean {
  const said = errorsSchema.safeParse(orNothing((): unknown => JSON.parse(body ?? ''))).data;
  return said?.errors.some(({ code }) => refusals.has(code)) === true;
}

/** What goes wrong later is told to whoever reads; without a listener it would be the gateway's end. */
function ignore(): void {}
