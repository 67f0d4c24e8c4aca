import type { IncomingMessage } from 'node:http';
import { addAbortSignal } from 'node:stream';
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
  /** It gives no such answer to us, and says nothing of what it is. */
  | { readonly kind: 'refused'; readonly status: number }
  /** It can't answer now, and what it is it does not say. */
  | { readonly kind: 'passing' }
  | { readonly kind: 'other' };

/** Bytes: a registry answers `{}`, or an error. */
const longestBody = 4096;
/** Milliseconds of an error from its head to its end. */
const slowestError = 2000;
const redirects: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);
/** Of a server that is busy, or is asked too often. */
const passing: ReadonlySet<number> = new Set([408, 425, 429]);
/** Faults of a server's that it will have in an hour as well: there is nothing there, whatever is asked for. */
const lasting: ReadonlySet<number> = new Set([501, 505]);
/** Of servers that do not say whether it is the path they refuse, or who asks. */
const refusing: ReadonlySet<number> = new Set([400, 403, 405]);
/** Of the distribution specification. Services that are no registries have errors of the same form, with words of their own, or numbers. */
const codesOfRegistries: ReadonlySet<unknown> = new Set([
  'BLOB_UNKNOWN',
  'BLOB_UPLOAD_INVALID',
  'BLOB_UPLOAD_UNKNOWN',
  'DENIED',
  'DIGEST_INVALID',
  'MANIFEST_BLOB_UNKNOWN',
  'MANIFEST_INVALID',
  'MANIFEST_UNKNOWN',
  'NAME_INVALID',
  'NAME_UNKNOWN',
  'SIZE_INVALID',
  'TOOMANYREQUESTS',
  'UNAUTHORIZED',
  'UNSUPPORTED',
]);

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
    if (statusCode === 401 && hasService(headers['www-authenticate'])) return { kind: 'registry' };
    const body = await shortBody(response.setEncoding('latin1'));
    const error = errorIn(body);
    if (error === 'registry' || (statusCode === 200 && /^\s*\{\s*\}\s*$/.test(body ?? '')))
      return { kind: 'registry' };
    if (statusCode === 401) return { kind: signsIn(headers['www-authenticate']) ? 'password' : 'other' };
    if (passing.has(statusCode) || (statusCode >= 500 && !lasting.has(statusCode)))
      return { kind: 'passing' };
    const isRefused = refusing.has(statusCode) || (statusCode === 404 && error === 'alike');
    return isRefused ? { kind: 'refused', status: statusCode } : { kind: 'other' };
  } finally {
    response.destroy();
  }
}

const isBearer = (challenge: string): boolean => /\bbearer\s/i.test(challenge);

/** Where a token is to be had, as the distribution's authentication has it. */
function hasService(challenge = ''): boolean {
  return isBearer(challenge) && /\bservice=/i.test(challenge);
}

/** Without a way to sign in no client of registries goes on; of services that are none many answer so. */
function signsIn(challenge = ''): boolean {
  return /\bbasic\b/i.test(challenge) || (isBearer(challenge) && /\brealm="?https?:/i.test(challenge));
}

function ledTo(location: string | undefined, origin: string, path: string): RegistryAnswer {
  const asked = URL.parse(path, origin);
  const target = location === undefined || asked === null ? null : URL.parse(location, asked.href);
  if (target === null) return { kind: 'other' };
  if (target.origin !== asked?.origin) return { kind: 'elsewhere' };
  return { kind: 'moved', path: `${target.pathname}${target.search}` };
}

/** Undefined where it is longer than those of registries. Of an error that does not come to its end what is there counts: its status says most. */
async function shortBody(response: IncomingMessage): Promise<string | undefined> {
  const late = AbortSignal.timeout(slowestError);
  const isError = (response.statusCode ?? 0) >= 400;
  let text = '';
  try {
    for await (const chunk of isError ? addAbortSignal(late, response) : response) {
      text += String(chunk);
      if (text.length > longestBody) return undefined;
    }
  } catch (error) {
    if (!isError || !late.aborted) throw error;
  }
  return text;
}

const errorsSchema = z.looseObject({ errors: z.array(z.looseObject({ code: z.unknown().optional() })) });

/** Whether it is an error of the specification (`{"errors":[{"code":"NAME_UNKNOWN"}]}`), or one of that form with another word. */
function errorIn(body: string | undefined): 'registry' | 'alike' | undefined {
  const said = errorsSchema.safeParse(orNothing((): unknown => JSON.parse(body ?? ''))).data;
  const codes = said?.errors.map(({ code }) => code) ?? [];
  if (codes.some((code) => codesOfRegistries.has(code))) return 'registry';
  return codes.some((code) => typeof code === 'string') ? 'alike' : undefined;
}

/** What goes wrong later is told to whoever reads; without a listener it would be the gateway's end. */
function ignore(): void {}
