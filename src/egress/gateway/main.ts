/**
 * The gateway as a process of its own: decides for one relay what may get out. On its standard input its starter says by which policy, and then who has which address
 * (`setup.ts`); with it the gateway ends.
 *
 * usage: main.js --relay SOCKET [--name-server ADDRESS[:PORT]]... [--relay-in-vm]
 */
import { setTimeout as pause } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { messageOf } from '../../common/cause.js';
import { CountedLines } from '../../common/counted-lines.js';
import { readLines } from '../../common/line-reader.js';
import { printable } from '../../common/printable.js';
import { endsEngine, restricts } from '../restricting-settings.js';
import type { Who } from '../connect-access/index.js';
import { allowAll } from './allow-all.js';
import { connectionDecision, decidedOf } from './connection-decision.js';
import { decideByPolicy } from './decide-by-policy.js';
import type { Decider } from './decider.js';
import { DecisionTeller } from './decision-teller.js';
import { dialDirectly, dialThrough } from './dial-through.js';
import { type EngineThread, startEngineThread } from './engine-thread.js';
import { fewLines } from './few-lines.js';
import { Gateway } from './gateway.js';
import type { GatewayEvent } from './gateway-event.js';
import type { GatewayWorld } from './gateway-world.js';
import { hostNameServers, parseNameServer } from './name-servers.js';
import { connectRelay } from './relay-link.js';
import { longestGatewayLine, readSetup, readWord } from './setup.js';
import { ToldNames } from './told-names.js';

const { values } = parseArgs({
  options: {
    relay: { type: 'string' },
    'name-server': { type: 'string', multiple: true },
    // It does not reach the world, so this process dials.
    'relay-in-vm': { type: 'boolean', default: false },
  },
});
const { relay } = values;
if (relay === undefined) throw new Error('usage: main.js --relay SOCKET');
const named = values['name-server']?.map(parseNameServer);
const nameServers = named === undefined ? hostNameServers() : () => named;

const say = fewLines((text) => {
  process.stderr.write(`${text}\n`);
});

const shown = ({ address, port }: { readonly address: string; readonly port: number }): string =>
  address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;

/** Nobody has a name without a policy, by which they are told apart; then nothing is decided either. */
let whoIs: ((address: string) => Who | undefined) | undefined;

/** To bulkheadd. */
const lines = new CountedLines({ stream: () => process.stdout });
const teller = new DecisionTeller(lines);
const toldNames = new ToldNames();

function onEvent(event: GatewayEvent): void {
  if (whoIs !== undefined && event.kind !== 'overflow')
    teller.tell(connectionDecision(whoIs(event.from.address), shown(event.to), decidedOf(event)));
  if (event.kind === 'refused') say(`${shown(event.from)} to ${shown(event.to)}: ${printable(event.reason)}`);
  if (event.kind === 'unreached' && event.reason !== undefined)
    say(`${shown(event.from)} to ${shown(event.to)} was not reached: ${printable(event.reason)}`);
  if (event.kind === 'overflow') say(`${event.count} connections were too many at once`);
}

/** As many as a relay has (`src/egress/relay/connection.h`); in a VM each is a stream of the control channel, and a descriptor of the controller's. */
const [mostConnections, mostOfVm] = [16_384, 2048];

/** One connection with the relay, until it ends. */
async function serve(path: string, decider: Decider): Promise<void> {
  const early: Parameters<Gateway['take']>[0][] = [];
  let gateway: Gateway | undefined;
  const link = await connectRelay(path, (message) => {
    if (gateway === undefined) early.push(message);
    else gateway.take(message);
  });
  const world: GatewayWorld = {
    most: values['relay-in-vm'] ? mostOfVm : mostConnections,
    send: (message) => link.send(message),
    stream: (id, hold) => link.stream(id, hold),
    dialThrough,
    ...(values['relay-in-vm'] ? { dial: dialDirectly } : {}),
  };
  gateway = new Gateway(decider, world, onEvent);
  for (const message of early) gateway.take(message);
  const reason = await link.ended;
  gateway.end();
  if (reason !== undefined) say(`the relay: ${messageOf(reason)}`);
}

/** Resolves with what decides. Threat: a gateway that has not heard its policy and serves without; one that missed who has an address now. So what is not understood ends it. */
function deciderOf(relay: string): Promise<Decider> {
  return new Promise((resolve) => {
    let take = (line: string): void => {
      const { settings, system, authority, hostLoopback, namesWithout } = readSetup(line);
      if (settings === undefined || !restricts(settings)) {
        take = () => undefined;
        resolve(allowAll({ nameServers, hostLoopback, namesWithout }));
        return;
      }
      const thread = endsEngine(settings) ? engineThread(relay, line, authority) : undefined;
      const decider = decideByPolicy(settings, {
        nameServers,
        system,
        hostLoopback,
        namesWithout,
        endEngine: thread && ((id, to) => thread.hand(id, to)),
        onName: (who, name, decided) => {
          if (decided.kind === 'refused' || toldNames.isNew(who, name))
            teller.tell(connectionDecision(who, name, decided));
        },
      });
      whoIs = (address) => decider.clients.whoIs(address);
      take = (said) => {
        const word = readWord(said);
        if (word.kind === 'learnt') thread?.learnt(word.number);
        else decider.clients.take(word);
      };
      resolve(decider);
    };
    void readLines(process.stdin, (line) => take(line), longestGatewayLine).then(() => process.exit(0));
  });
}

/** Threat: requests that are to be decided are passed on, because there is no key to read them by. */
function engineThread(relay: string, setup: string, authority: string | undefined): EngineThread {
  if (authority === undefined) throw new Error('the engine’s requests are to be read, and there is no key');
  return startEngineThread(
    { relay, setup, ...(named === undefined ? {} : { nameServers: [...named] }) },
    (report) => {
      if (report.kind === 'decided') teller.tell(report.decision);
      else lines.write(JSON.stringify(report));
      if (report.kind === 'decided' && report.text !== undefined) say(report.text);
    },
    (reason) => {
      process.stderr.write(`what ends the engine’s connections has ended: ${messageOf(reason)}\n`);
      process.exit(1);
    },
  );
}

const pauseMs = 100;

const decider = await deciderOf(relay);
for (;;) {
  await serve(relay, decider).catch(() => undefined);
  await pause(pauseMs);
}
