import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { exportJWK, generateKeyPair, type JWK } from 'jose';
import { Provider } from 'oidc-provider';
import { z } from 'zod';

/** A real OpenID Connect provider on the loopback, as an organization runs one, with the device flow of RFC 8628. */
export interface IdentityProvider extends AsyncDisposable {
  readonly issuer: string;
  readonly clientId: string;
  /** Its public keys, as a policy pins them. */
  readonly jwks: { readonly keys: readonly JWK[] };
  /** What a person does in a browser: opens the address that was shown, agrees to the code, and signs in. */
  approve(verificationUri: string, person: string): Promise<void>;
  /** An identity token of a person who has signed in just now. */
  tokenFor(person: string): Promise<string>;
}

/** Who there is, and the groups he is in. */
const people: Readonly<Record<string, readonly string[]>> = {
  ada: ['everybody', 'acme'],
  eve: ['everybody', 'ACME', 'acme-guests', 'acm'],
  nobody: [],
};

const clientId = 'bulkhead';

export async function startIdentityProvider(): Promise<IdentityProvider> {
  const { privateKey, publicKey } = await generateKeyPair('RS256', { extractable: true });
  const facts = { kid: 'provider-1', alg: 'RS256', use: 'sig' };
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('it has no port');
  const issuer = `http://127.0.0.1:${address.port}`;
  const provider = new Provider(issuer, {
    clients: [
      {
        client_id: clientId,
        token_endpoint_auth_method: 'none',
        grant_types: ['urn:ietf:params:oauth:grant-type:device_code'],
        redirect_uris: [],
        response_types: [],
      },
    ],
    jwks: { keys: [{ ...(await exportJWK(privateKey)), ...facts }] },
    scopes: ['openid', 'groups'],
    claims: { openid: ['sub'], groups: ['groups'] },
    conformIdTokenClaims: false,
    cookies: { keys: ['only for tests'] },
    ttl: { AccessToken: 600, DeviceCode: 600, Grant: 600, IdToken: 600, Interaction: 600, Session: 600 },
    features: {
      deviceFlow: {
        enabled: true,
        successSource(context) {
          context.body = 'Success';
        },
      },
      devInteractions: { enabled: false },
    },
    findAccount: (_, sub) => ({ accountId: sub, claims: () => ({ sub, groups: people[sub] ?? [] }) }),
    interactions: { url: (_, interaction) => `/interaction/${interaction.uid}` },
    async loadExistingGrant({ oidc }) {
      const accountId = oidc.session?.accountId;
      if (accountId === undefined) return undefined;
      const grant = new provider.Grant({ accountId, clientId });
      grant.addOIDCScope('openid groups');
      await grant.save();
      return grant;
    },
  });
  const serve = provider.callback();
  server.on('request', (request: IncomingMessage, response: ServerResponse) => {
    const person = request.headers['x-person'];
    if (request.url?.startsWith('/interaction/') === true && typeof person === 'string')
      void provider.interactionFinished(request, response, { login: { accountId: person } });
    else void serve(request, response);
  });
  return {
    issuer,
    clientId,
    jwks: { keys: [{ ...(await exportJWK(publicKey)), ...facts }] },
    approve: (verificationUri, person) => approve(verificationUri, person),
    tokenFor: (person) => tokenFor(issuer, person),
    [Symbol.asyncDispose]: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

const deviceSchema = z.object({ device_code: z.string(), verification_uri_complete: z.string() });
const tokensSchema = z.object({ id_token: z.string() });

/** RFC 8628 by hand: whoever has approved already need not wait for the interval of polling. */
async function tokenFor(issuer: string, person: string): Promise<string> {
  const post = async (path: string, form: Record<string, string>): Promise<unknown> => {
    const body = new URLSearchParams({ client_id: clientId, ...form });
    return (await fetch(`${issuer}${path}`, { method: 'POST', body })).json();
  };
  const device = deviceSchema.parse(await post('/device/auth', { scope: 'openid groups' }));
  await approve(device.verification_uri_complete, person);
  const grant_type = 'urn:ietf:params:oauth:grant-type:device_code';
  return tokensSchema.parse(await post('/token', { grant_type, device_code: device.device_code })).id_token;
}

/** Follows forms and redirects with a jar of cookies, as a browser does. */
async function approve(verificationUri: string, person: string): Promise<void> {
  const cookies = new Map<string, string>();
  const go = async (url: string, form?: URLSearchParams): Promise<string> => {
    const response = await fetch(url, {
      redirect: 'manual',
      headers: {
        'x-person': person,
        cookie: [...cookies].map(([name, value]) => `${name}=${value}`).join('; '),
      },
      ...(form === undefined ? {} : { method: 'POST', body: form }),
    });
    for (const cookie of response.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(cookie) ?? [];
      cookies.set(name, value);
    }
    const location = response.headers.get('location');
    if (location !== null) return go(new URL(location, url).href);
    return response.text();
  };
  let page = await go(verificationUri);
  for (let forms = 0; forms < 3 && page.includes('<form'); forms += 1) {
    const action = /<form[^>]*action="([^"]+)"/.exec(page)?.[1] ?? '';
    const form = new URLSearchParams();
    for (const [input] of page.matchAll(/<input[^>]*>/g)) {
      const name = /name="([^"]*)"/.exec(input)?.[1] ?? 'abort';
      if (name !== 'abort') form.set(name, /value="([^"]*)"/.exec(input)?.[1] ?? '');
    }
    if (!form.has('user_code'))
      form.set('user_code', new URL(verificationUri).searchParams.get('user_code') ?? '');
    form.set('confirm', 'yes');
    page = await go(new URL(action, verificationUri).href, form);
  }
  if (!/success/i.test(page)) throw new Error(`the provider did not take it: ${page.slice(0, 500)}`);
}
