import { createPublicKey, type KeyObject, verify } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';

/** OpenSSH's ssh-agent with one key in it. */
export interface RealAgent extends AsyncDisposable {
  readonly socket: string;
  /** As the wire has it. */
  readonly key: Buffer;
  /** What `ssh-add -l` says, asked past everything of ours. */
  keys(): Promise<string>;
}

/** A message behind its length, as hexadecimal digits. */
export function agentMessage(type: number, ...parts: readonly Buffer[]): string {
  return wireString(Buffer.concat([Buffer.from([type]), ...parts])).toString('hex');
}

/** A `string` of RFC 4251, section 5. */
export function wireString(bytes: Buffer): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes.length);
  return Buffer.concat([length, bytes]);
}

/** Whether an SSH_AGENT_SIGN_RESPONSE has the signature of an Ed25519 key over these bytes. */
export function isSignature(answer: Buffer, { key }: Pick<RealAgent, 'key'>, data: Buffer): boolean {
  const [signResponse, head] = [14, 4];
  if (answer[0] !== signResponse) return false;
  const blob = answer.subarray(1 + head);
  const type = blob.readUInt32BE(0);
  return verify(null, data, publicKey(key), blob.subarray(head + type + head));
}

function publicKey(key: Buffer): KeyObject {
  const x = key.subarray(-32).toString('base64url');
  return createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' });
}

/** Ends with its disposal. @param dir an empty directory of the test's own. */
export async function startRealAgent(dir: string): Promise<RealAgent> {
  const socket = join(dir, 'agent.sock');
  const file = join(dir, 'key');
  await execa('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', 'of a test', '-f', file]);
  const agent = execa('ssh-agent', ['-D', '-a', socket], { reject: false });
  // Said once it listens.
  await new Promise((resolve) => agent.stdout.once('data', resolve));
  const env = { SSH_AUTH_SOCK: socket };
  await execa('ssh-add', ['-q', file], { env });
  const [, key = ''] = (await readFile(`${file}.pub`, 'utf8')).split(' ');
  return {
    socket,
    key: Buffer.from(key, 'base64'),
    keys: async () => (await execa('ssh-add', ['-l'], { env, reject: false })).stdout,
    async [Symbol.asyncDispose]() {
      agent.kill('SIGTERM');
      await agent;
    },
  };
}
