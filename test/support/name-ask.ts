/**
 * Asks a name server for addresses in the network namespace it runs in: `node test/support/name-ask.ts SERVER NAME…` prints them, one a line, in the order of the
 * names; asked again and again for 30 s, as resolvers of programs do.
 */
import { createSocket } from 'node:dgram';
import { lastAddress, queryFor } from './dns-message.ts';

const [server = '', ...names] = process.argv.slice(2);
for (const [id, name] of names.entries()) process.stdout.write(`${await addressOf(name, id)}\n`);

async function addressOf(name: string, id: number): Promise<string> {
  const socket = createSocket('udp4');
  const { promise, resolve } = Promise.withResolvers<string>();
  const send = (): void => {
    socket.send(queryFor(name, 1, id), 53, server);
  };
  const again = setInterval(send, 500);
  const enough = setTimeout(() => {
    resolve('no answer within 30 s');
  }, 30_000);
  socket.on('message', (answer) => {
    if (answer.readUInt16BE(0) === id) resolve(lastAddress(answer));
  });
  send();
  try {
    return await promise;
  } finally {
    clearInterval(again);
    clearTimeout(enough);
    socket.close();
  }
}
