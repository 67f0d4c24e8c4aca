/** Decisions about connections among 50,000 rules, in this process: what the gateway adds to one. */
import { parseIpAddress } from '../../dist/common/ip-address.js';
import {
  type Connection,
  decideConnection,
  decideName,
  RuleIndex,
  type Who,
} from '../../dist/egress/connect-access/index.js';
import { PacRunner } from '../../dist/egress/pac/index.js';
import { networkAccessSchema } from '../../dist/policy/index.js';
import { type BenchmarkRow, median, milliseconds, quantile } from './rows.ts';

const count = 50_000;
const rounds = 20_000;

type RuleOf = (n: number) => object;
const action = (n: number): string => (n % 3 === 0 ? 'deny' : 'allow');
const kinds: readonly { readonly name: string; readonly rule: RuleOf }[] = [
  { name: 'names', rule: (n) => ({ to: `host${n}.team${n % 97}.example.com:443`, action: action(n) }) },
  { name: 'domains', rule: (n) => ({ to: `*.d${n}.example.com`, action: action(n) }) },
  {
    name: 'networks',
    rule: (n) => ({ to: `10.${n >> 8}.${n & 255}.0/24`, ports: '80,443', action: action(n) }),
  },
  {
    name: 'images',
    rule: (n) => ({
      to: '*.example.com',
      images: [`registry.example.com/team${n}/tool:*`],
      action: action(n),
    }),
  },
  { name: 'ports', rule: (n) => ({ to: '*', ports: (n % 65_000) + 1, action: action(n) }) },
  {
    name: 'ranges of ports',
    rule: (n) => ({
      to: '*',
      ports: `${(n % 60_000) + 1}-${(n % 60_000) + 2 + (n % 4000)}`,
      action: action(n),
    }),
  },
];

export async function benchEgressConnect(): Promise<BenchmarkRow[]> {
  const mixed: RuleOf = (n) => kinds[n % kinds.length]?.rule(n) ?? {};
  const decisions = [...kinds, { name: 'rules of all kinds', rule: mixed }];
  return [...decisions.flatMap(({ name, rule }) => measure(name, rule)), ...(await files())];
}

function measure(name: string, rule: RuleOf): BenchmarkRow[] {
  const rules = Array.from({ length: count }, (_, n) => rule(n));
  const parsed = networkAccessSchema.parse({ default: 'deny', rules });
  const begun = performance.now();
  const network = new RuleIndex(parsed);
  const compiled = performance.now() - begun;
  const policy = { network, contact: 'somebody' };
  const clients = Array.from({ length: 20 }, (_, n) => container(n));
  const firsts = clients.map((who) => {
    const start = performance.now();
    decideName(policy, who, 'a.example');
    return performance.now() - start;
  });
  const times = Array.from({ length: rounds }, (_, n) => {
    const connection = connectionOf(n, clients);
    const start = performance.now();
    decideConnection(policy, connection);
    return performance.now() - start;
  });
  return [
    { name: `${count} ${name}, compiled`, unit: 'ms', value: compiled },
    { name: `${count} ${name}, first question of a container, p50`, unit: 'ms', value: median(firsts) },
    { name: `${count} ${name}, one decision, p50`, unit: 'µs', value: median(times) * 1000 },
    { name: `${count} ${name}, one decision, p99`, unit: 'µs', value: quantile(times, 0.99) * 1000 },
  ];
}

function container(n: number): Who {
  const image = [`registry.example.com/team${n * 7}/tool:1`];
  return {
    kind: 'container',
    id: String(n).padStart(64, '0'),
    name: `c${n}`,
    image,
    labels: { n: String(n) },
  };
}

function connectionOf(n: number, clients: readonly Who[]): Connection {
  const serverName = n % 2 === 0 ? `host${n}.team${n % 97}.example.com` : `x.d${n}.example.com`;
  const address = parseIpAddress(`10.${(n >> 8) % 256}.${n & 255}.9`);
  const who = clients[n % clients.length];
  if (address === undefined || who === undefined) throw new Error('not read');
  return {
    who,
    address,
    port: 443,
    names: [serverName],
    first: { kind: 'tls', serverName, alpn: [], encrypted: false },
  };
}

/** A proxy auto-configuration file of 2,000 lines, in its thread. */
async function files(): Promise<BenchmarkRow[]> {
  const lines = Array.from(
    { length: 2000 },
    (_, n) => `if (shExpMatch(host, "*.d${n}.example.com")) return "PROXY p${n}:3128";`,
  );
  const short = 'return dnsDomainIs(host, ".example.com") ? "PROXY proxy.example:3128" : "DIRECT";';
  const rows: BenchmarkRow[] = [];
  for (const [name, body] of [
    ['a short file', short],
    ['a file of 2,000 lines', lines.join('\n') + short],
  ] as const) {
    const text = `function FindProxyForURL(url, host) { ${body} }`;
    await using pac = new PacRunner(text, {
      resolve: async () => Promise.resolve(undefined),
      ownAddress: '192.0.2.1',
    });
    const first = await milliseconds(async () => pac.find('https://a.example.com:443', 'a.example.com'));
    const times: number[] = [];
    for (let n = 0; n < 2000; n += 1)
      times.push(
        await milliseconds(async () => pac.find(`https://h${n}.example.com:443`, `h${n}.example.com`)),
      );
    rows.push(
      { name: `${name}, first answer`, unit: 'ms', value: first },
      { name: `${name}, one answer, p50`, unit: 'ms', value: median(times) },
      { name: `${name}, one answer, p99`, unit: 'ms', value: quantile(times, 0.99) },
    );
  }
  return rows;
}
