import { once } from 'node:events';
import { type IncomingMessage, request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import { isIP } from 'node:net';
import { codeOf } from '../../common/cause.js';
import { ipAddressText } from '../../common/ip-address.js';
import type { RegistryQuestion } from './facts.js';

/** Milliseconds for one address. */
const patience = 5000;
/** Bytes: a registry answers `{}`. */
const longestBody = 1024;

/**
 * Asks a destination whether it is a registry (`GET /v2/`, OCI distribution specification): not by any list. Nothing is sent that would say who asks, no certificate is checked, and no redirect is followed: it is a question, and its
 * answer opens nothing that is not open to every other server.
 *
 * @throws where nothing is reached: then nobody knows. What speaks no HTTP is no registry.
 */
export async function askRegistry({ scheme, host, port, addresses }: RegistryQuestion): Promise<boolean> {
  let failure: unknown = new Error(`${host} has no address`);
  for (const address of addresses)
    try {
      return await isRegistry(await get(scheme, host, port, ipAddressText(address)));
    } catch (error) {
      if (isNoHttp(error)) return false;
      failure = error;
    }
  throw failure;
}

async function get(
  scheme: RegistryQuestion['scheme'],
  host: string,
  port: number,
  address: string,
): Promise<IncomingMessage> {
  const standard = port === (scheme === 'https' ? 443 : 80) ? '' : `:${port}`;
  const options = {
    host: address,
    port,
    path: '/v2/',
    agent: false,
    headers: { host: `${host.includes(':') ? `[${host}]` : host}${standard}`, accept: 'application/json' },
    signal: AbortSignal.timeout(patience),
    rejectUnauthorized: false,
    ...(isIP(host) === 0 ? { servername: host } : {}),
  };
  const request = (scheme === 'https' ? requestHttps : requestHttp)(options);
  request.end();
  // The second one is for its errors.
  const answered = new Promise<IncomingMessage>((resolve) => request.once('response', resolve));
  await Promise.race([answered, once(request, 'response')]);
  // A signal that comes later is an error nobody waits for.
  request.on('error', () => undefined);
  return answered;
}

async function isRegistry(response: IncomingMessage): Promise<boolean> {
  const { statusCode, headers } = response;
  response.on('error', () => undefined);
  try {
    if (headers['docker-distribution-api-version'] !== undefined) return true;
    // Where a token is to be had, as the distribution's authentication has it.
    if (statusCode === 401) return /^bearer\s.*\bservice=/i.test(headers['www-authenticate'] ?? '');
    return statusCode === 200 && (await isEmptyObject(response));
  } finally {
    response.destroy();
  }
}

async function isEmptyObject(response: AsyncIterable<Buffer>): Promise<boolean> {
  let text = '';
  for await (const chunk of response) {
    text += chunk.toString('latin1');
    if (text.length > longestBody) return false;
  }
  return /^\s*\{\s*\}\s*$/.test(text);
}

/** It was reached, and what it said was not HTTP, or it said nothing. */
function isNoHttp(error: unknown): boolean {
  const code = codeOf(error);
  return typeof code === 'string' && (code.startsWith('HPE_') || code === 'ECONNRESET' || code === 'EPIPE');
}
