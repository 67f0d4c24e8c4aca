/**
 * A resolver in the network namespace it runs in, for tests that join that of an engine in native mode: `node test/support/answering-resolver.ts` prints its port
 * on 127.0.0.1 and answers 192.0.2.1 to everything but names that begin with `silent`.
 */
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { answerTo, nameOf } from './dns-message.ts';

const resolver = createSocket('udp4').on('message', (query, from) => {
  if (!nameOf(query).startsWith('silent')) resolver.send(answerTo(query, '192.0.2.1'), from.port);
});
resolver.bind(0, '127.0.0.1');
await once(resolver, 'listening');
process.stdout.write(`${resolver.address().port}\n`);
