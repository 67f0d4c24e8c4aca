/**
 * What a gateway does with the engine's own connections, in the engine's network, where it is reached at addresses of its own; told what to do by lines of JSON, and
 * telling what it did likewise.
 */
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { createInterface } from 'node:readline';
import { createSecureContext } from 'node:tls';
import { compileRules } from '../../dist/egress/compiled-rules.js';
import {
  BootAuthority,
  EngineTraffic,
  type Place,
  PullWatch,
} from '../../dist/egress/engine-traffic/index.js';
import { AdmittedContents } from '../../dist/egress/image-access/known-contents.js';
import { readSettings } from '../../dist/policy/index.js';
import { orderSchema, type TrafficOrder, type TrafficReport } from './engine-traffic.ts';

const say = (report: TrafficReport): void => void process.stdout.write(`${JSON.stringify(report)}\n`);

let order: TrafficOrder | undefined;
let traffic: EngineTraffic | undefined;

function rulesOf(bulkhead: object): ReturnType<typeof compileRules> {
  const text = JSON.stringify({ configurationFileVersion: 2, bulkhead });
  const { settings, problems } = readSettings(Buffer.from(text), 'policy.json');
  if (settings === undefined) throw problems[0];
  return compileRules(settings, { namespaces: new Set() });
}

function begin(first: TrafficOrder): EngineTraffic {
  return new EngineTraffic({
    authority: new BootAuthority(first.authority),
    rules: () => rulesOf(order?.bulkhead ?? {}),
    known: new AdmittedContents(),
    pulled: new PullWatch(async ({ names, image }) => say({ kind: 'pulled', names, layers: image?.layers })),
    onDecision: ({ place, operation, refusal }) =>
      say({
        kind: 'decided',
        host: place.host.text,
        operation: operation?.kind ?? 'unread',
        refusal: refusal?.code ?? 'none',
      }),
    reach: {
      async dial({ host }: Place) {
        const port = order?.registries[host.text];
        if (port === undefined) throw new Error(`${host.text} has no address`);
        const socket = connect(port, '127.0.0.1');
        await once(socket, 'connect');
        return socket;
      },
      contextFor: async () => createSecureContext({ ca: order?.world ?? '' }),
      isInsecure: ({ host }: Place) => order?.insecure.includes(host.text) === true,
    },
  });
}

for (const port of [80, 443])
  createServer((socket) => {
    traffic?.serve(socket, { address: socket.localAddress ?? '', port });
  }).listen(port, '0.0.0.0');

createInterface({ input: process.stdin }).on('line', (line) => {
  const next = orderSchema.parse(JSON.parse(line));
  order = next;
  traffic ??= begin(next);
  say({ kind: 'ready', memory: process.memoryUsage().rss });
});
process.stdin.on('end', () => process.exit(0));
