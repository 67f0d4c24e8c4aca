import { once } from 'node:events';
import { chmod } from 'node:fs/promises';
import { createServer } from 'node:net';

/** An ssh agent that knows one key and answers one question: which keys it has (draft-ietf-sshm-ssh-agent, section 3). */
export interface SshAgent extends AsyncDisposable {
  /** How often it was asked for its keys. */
  readonly asked: number;
}

const requestIdentities = 11;
const identitiesAnswer = 12;

/** A `string` of RFC 4251, section 5. */
function wireString(bytes: Uint8Array): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes.length);
  return Buffer.concat([length, bytes]);
}

/** @param before is waited for before each answer, so that a test can look around while somebody waits. */
export async function startSshAgent(path: string, before: () => Promise<void>): Promise<SshAgent> {
  let asked = 0;
  const key = Buffer.concat([wireString(Buffer.from('ssh-ed25519')), wireString(Buffer.alloc(32))]);
  const head = Buffer.from([identitiesAnswer, 0, 0, 0, 1]);
  const answer = wireString(Buffer.concat([head, wireString(key), wireString(Buffer.from('comment'))]));
  const server = createServer((client) => {
    let received = Buffer.alloc(0);
    client.on('error', () => undefined);
    client.on('data', (part: Buffer) => {
      received = Buffer.concat([received, part]);
      if (received.length < 5 || received[4] !== requestIdentities) return;
      received = Buffer.alloc(0);
      asked += 1;
      void before().finally(() => client.write(answer));
    });
  });
  server.listen(path);
  await once(server, 'listening');
  await chmod(path, 0o600);
  return {
    get asked() {
      return asked;
    },
    async [Symbol.asyncDispose]() {
      server.close();
      await once(server, 'close');
    },
  };
}
