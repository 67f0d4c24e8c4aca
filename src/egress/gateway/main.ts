/**
 * The gateway as a process of its own: decides for one relay what may get out. Its standard input is its starter's, with which it ends.
 *
 * usage: main.js --relay SOCKET [--name-server ADDRESS[:PORT]]... [--host-loopback]
 */
import { setTimeout as pause } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { messageOf } from '../../common/cause.js';
import { allowAll } from './allow-all.js';
import { fewLines } from './few-lines.js';
import { Gateway, type GatewayEvent } from './gateway.js';
import { hostNameServers, parseNameServer } from './name-servers.js';
import { connectRelay } from './relay-link.js';

const { values } = parseArgs({
  options: {
    relay: { type: 'string' },
    'name-server': { type: 'string', multiple: true },
    'host-loopback': { type: 'boolean', default: false },
  },
});
const { relay } = values;
if (relay === undefined) throw new Error('usage: main.js --relay SOCKET');
const named = values['name-server']?.map(parseNameServer);
const decider = allowAll({
  nameServers: named === undefined ? hostNameServers() : () => named,
  hostLoopback: values['host-loopback'],
});

process.stdin.resume().once('end', () => process.exit(0));

const say = fewLines((text) => {
  process.stderr.write(`${text}\n`);
});

const shown = ({ address, port }: { readonly address: string; readonly port: number }): string =>
  address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;

function onEvent(event: GatewayEvent): void {
  if (event.kind === 'refused') say(`${shown(event.from)} to ${shown(event.to)}: ${event.reason}`);
  if (event.kind === 'overflow') say(`${event.count} connections were too many at once`);
}

/** One connection with the relay, until it ends. */
async function serve(path: string): Promise<void> {
  const early: Parameters<Gateway['take']>[0][] = [];
  let gateway: Gateway | undefined;
  const link = await connectRelay(path, (message) => {
    if (gateway === undefined) early.push(message);
    else gateway.take(message);
  });
  gateway = new Gateway(decider, (message) => link.send(message), onEvent);
  for (const message of early) gateway.take(message);
  const reason = await link.ended;
  gateway.end();
  if (reason !== undefined) say(`the relay: ${messageOf(reason)}`);
}

const pauseMs = 100;

for (;;) {
  await serve(relay).catch(() => undefined);
  await pause(pauseMs);
}
