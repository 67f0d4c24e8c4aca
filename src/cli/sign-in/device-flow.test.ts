import { createServer, type Server } from 'node:http';
import { afterEach, expect, test } from 'vitest';
import type { SignInBegin } from '../../common/sign-in.js';
import { type DevicePrompt, deviceFlow } from './device-flow.js';

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

const device = { device_code: 'd', user_code: 'AB-CD', expires_in: 600, interval: 1 };
const noToken = { access_token: 'a', token_type: 'Bearer' };

/** A provider that gives these answers; where there is none, 404. */
async function provider(answers: {
  device?: object;
  token?: object;
  tokenStatus?: number;
  discovery?: object;
}) {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(request.url ?? '');
    const { url: path = '' } = request;
    const reply = (status: number, body: object): void => {
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    };
    const endpoints = {
      device_authorization_endpoint: `${issuer}/device`,
      token_endpoint: `${issuer}/token`,
    };
    if (path.startsWith('/.well-known/')) reply(200, { issuer, ...endpoints, ...answers.discovery });
    else if (path === '/device')
      reply(200, { ...device, verification_uri: `${issuer}/v`, ...answers.device });
    else if (path === '/token') reply(answers.tokenStatus ?? 200, answers.token ?? {});
    else reply(404, {});
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const issuer = `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`;
  return { issuer, asked };
}

const begin = (issuer: string): SignInBegin => ({
  kind: 'begin',
  issuer,
  clientId: 'bulkhead',
  scopes: ['openid'],
  organizations: ['acme'],
  nonce: 'n',
});

async function flow(answers: Parameters<typeof provider>[0], signal = new AbortController().signal) {
  const { issuer } = await provider(answers);
  const prompts: DevicePrompt[] = [];
  const over = await deviceFlow(begin(issuer), (prompt) => prompts.push(prompt), signal).catch(
    (error: unknown) => error,
  );
  return { over, prompts, issuer };
}

test('shows where to go, without what a terminal would act on', async () => {
  const { prompts } = await flow({
    device: { user_code: 'AB\u001b[31mCD', verification_uri: 'https://id.example.org/\u0007d' },
    tokenStatus: 400,
    token: { error: 'access_denied' },
  });
  expect(prompts).toEqual([
    {
      userCode: 'AB [31mCD',
      verificationUri: 'https://id.example.org/%07d',
      completeUri: undefined,
      expiresInSeconds: 600,
    },
  ]);
});

test.each<[string, Parameters<typeof provider>[0], string]>([
  ['refuses', { tokenStatus: 400, token: { error: 'access_denied' } }, 'it was refused there'],
  [
    'waited too long',
    { tokenStatus: 400, token: { error: 'expired_token' } },
    'the code was not used in time',
  ],
  [
    'does not know the client',
    { tokenStatus: 401, token: { error: 'invalid_client' } },
    'it said invalid_client',
  ],
  ['gives no identity token', { token: noToken }, 'it gave no identity token'],
  [
    'sends people elsewhere',
    { device: { verification_uri: 'javascript:alert(1)' } },
    'it gave no address of the web',
  ],
])('a provider that %s', async (_, answers, reason) => {
  const { over, issuer } = await flow(answers);
  expect(over).toMatchObject({ code: 'BH_SIGN_IN_PROVIDER', params: { issuer, reason } });
});

test('a provider that is another, or is not there', async () => {
  const other = await flow({ discovery: { issuer: 'https://other.example.org' } });
  expect(other.over).toMatchObject({ code: 'BH_SIGN_IN_PROVIDER' });
  const closed = createServer();
  await new Promise<void>((resolve) => closed.listen(0, '127.0.0.1', resolve));
  const address = closed.address();
  const port = typeof address === 'object' ? address?.port : undefined;
  await new Promise((resolve) => closed.close(resolve));
  const absent = deviceFlow(begin(`http://127.0.0.1:${port}`), () => undefined, new AbortController().signal);
  await expect(absent).rejects.toMatchObject({ code: 'BH_SIGN_IN_PROVIDER' });
});

test('whoever interrupts it waits no more', async () => {
  const stop = new AbortController();
  const { issuer } = await provider({ tokenStatus: 400, token: { error: 'authorization_pending' } });
  const over = deviceFlow(begin(issuer), () => stop.abort(new Error('Ctrl-C')), stop.signal);
  await expect(over).rejects.toThrow('Ctrl-C');
});
