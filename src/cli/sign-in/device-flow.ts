import { messageOf } from '../../common/cause.js';
import { BulkheadError } from '../../common/errors/bulkhead-error.js';
import { printable } from '../../common/printable.js';
import type { SignInBegin } from '../../common/sign-in.js';

/** What a person is shown: where to go, and the code that says which sign-in is meant. */
export interface DevicePrompt {
  readonly verificationUri: string;
  /** With the code in it, where the provider gives one. */
  readonly completeUri: string | undefined;
  readonly userCode: string;
  readonly expiresInSeconds: number;
}

/**
 * Has a person sign in at the organization's provider, on whatever device (RFC 8628).
 *
 * @returns the identity token, which nobody here looks at: the engine verifies it by itself.
 *
 * Throws BH_SIGN_IN_PROVIDER or the signal's reason.
 */
export async function deviceFlow(
  { issuer, clientId, scopes, nonce }: SignInBegin,
  show: (prompt: DevicePrompt) => void,
  signal: AbortSignal,
): Promise<string> {
  // Loaded when it is needed: no other command waits for it.
  const client = await import('openid-client');
  try {
    // The policy allows http on the loopback alone, and the engine does not trust what comes from here anyway.
    const execute = new URL(issuer).protocol === 'http:' ? [client.allowInsecureRequests] : [];
    const provider = await client.discovery(new URL(issuer), clientId, undefined, client.None(), { execute });
    signal.throwIfAborted();
    const scope = scopes.join(' ');
    const device = await client.initiateDeviceAuthorization(provider, { scope, nonce });
    show({
      verificationUri: webAddress(device.verification_uri),
      completeUri:
        device.verification_uri_complete === undefined
          ? undefined
          : webAddress(device.verification_uri_complete),
      userCode: printable(device.user_code),
      expiresInSeconds: device.expires_in,
    });
    const tokens = await client.pollDeviceAuthorizationGrant(provider, device, undefined, { signal });
    if (tokens.id_token === undefined) throw new Error('it gave no identity token');
    return tokens.id_token;
  } catch (error) {
    signal.throwIfAborted();
    // What a library says of an answer holds the answer; of that, the token is nobody's business.
    throw new BulkheadError('BH_SIGN_IN_PROVIDER', { issuer: printable(issuer), reason: reasonOf(error) });
  }
}

/** A person is to open it: what is not an address of the web could be a command to a terminal or a browser. */
function webAddress(text: string): string {
  const { protocol, href } = new URL(text);
  if (protocol !== 'https:' && protocol !== 'http:') throw new Error('it gave no address of the web');
  return href;
}

const reasons: ReadonlyMap<unknown, string> = new Map([
  ['access_denied', 'it was refused there'],
  ['expired_token', 'the code was not used in time'],
  ['unauthorized_client', 'this client may not use the device flow there'],
]);

/** What RFC 8628 section 3.5 and RFC 6749 section 5.2 name, or what the network said. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return printable(String(error));
  const name: unknown = Reflect.get(error, 'error');
  const known = reasons.get(name);
  if (known !== undefined) return known;
  if (typeof name === 'string') return printable(`it said ${name}`);
  const cause = error.cause instanceof Error ? `: ${messageOf(error.cause)}` : '';
  return printable(`${error.message}${cause}`);
}
