/** What a decision costs among 50,000 rules: a request to a registry, read and held against both kinds of them, and a connection of a container's, of which the rules of images are to admit everything. */
import { parseAuthority } from '../../dist/common/authority.js';
import {
  compileRules,
  decideOperation,
  decideRegistry,
  readRequest,
  type Verdict,
} from '../../dist/egress/index.js';
import { connectPolicyOf, decideConnection } from '../../dist/egress/connect-access/index.js';
import { publishersAt, readSettings } from '../../dist/policy/index.js';
import { type BenchmarkRow, median, quantile } from './rows.ts';

const count = 50_000;
const decisions = 50_000;

/** Half of the registries by their sub-domains, half of the repositories by patterns: what an index can't find at once. */
const policy = {
  configurationFileVersion: 2,
  bulkhead: {
    registryAccess: {
      rules: numbers((n) => ({ host: n % 2 === 0 ? hostOf(n) : `*.${hostOf(n)}`, push: n % 3 === 0 })),
    },
    imageAccess: {
      hub: { official: true },
      rules: numbers((n) => ({
        repository: `${hostOf(n)}/team-${n}/${n % 2 === 0 ? 'tool' : 't*'}`,
        action: 'allow',
      })),
    },
  },
};

export function benchEgressRules(): BenchmarkRow[] {
  const text = Buffer.from(JSON.stringify(policy));
  const started = performance.now();
  const { settings, problems } = readSettings(text, 'policy');
  if (problems !== undefined) throw problems[0];
  const read = performance.now();
  const rules = compileRules(settings, publishersAt(undefined, 0));
  const compiled = performance.now();
  const decide = (host: string, target: string): readonly (Verdict | undefined)[] => {
    const [authority, request] = [parseAuthority(host), readRequest({ method: 'GET', target, host })];
    if (authority === undefined || request.kind === 'unreadable') throw new Error(`${host} ${target}`);
    const { operation } = request;
    const { registries, images, contact } = rules;
    return [
      registries && decideRegistry(registries, { host: authority.host, port: 443, operation }, contact),
      images && decideOperation(images, { authority, operation, contact }),
    ];
  };
  const permitted: number[] = [];
  const refused: number[] = [];
  for (let round = 0; round < decisions; round += 1) {
    const n = (round * 7919) % count;
    const kind = round % 2 === 0 ? permitted : refused;
    const host = `${n % 2 === 0 ? '' : 'eu.'}${kind === permitted ? '' : 'not-'}${hostOf(n)}`;
    const start = process.hrtime.bigint();
    const [verdict] = decide(host, `/v2/team-${n}/tool/manifests/1`);
    kind.push(Number(process.hrtime.bigint() - start) / 1e6);
    if (verdict?.verdict !== (kind === permitted ? 'permit' : 'refuse')) throw new Error(host);
  }
  const begun = performance.now();
  const containers = connectPolicyOf({ bulkhead: { imageAccess: settings.bulkhead?.imageAccess } });
  const ready = performance.now();
  const connected: number[] = [];
  for (let round = 0; round < decisions; round += 1) {
    const isNamed = round % 2 === 0;
    const host = `${isNamed ? '' : 'eu.'}${hostOf((round * 7919) % count)}`;
    const first = { kind: 'tls', serverName: host, alpn: [], encrypted: false } as const;
    const address = { family: 4, value: 0xcb00_7101n } as const;
    const start = process.hrtime.bigint();
    const decision = decideConnection(containers, {
      who: { kind: 'build' },
      address,
      port: 443,
      names: [host],
      first,
    });
    connected.push(Number(process.hrtime.bigint() - start) / 1e6);
    if (decision.kind !== (isNamed ? 'refuse' : 'ask-registry')) throw new Error(host);
  }
  return [
    { name: `policy with ${2 * count} rules, size`, unit: 'MB', value: text.length / 1e6 },
    { name: 'read strictly', unit: 'ms', value: read - started },
    { name: 'compiled', unit: 'ms', value: compiled - read },
    { name: 'request permitted among them, p50', unit: 'ms', value: median(permitted) },
    { name: 'request permitted among them, p99', unit: 'ms', value: quantile(permitted, 0.99) },
    { name: 'request refused among them, p50', unit: 'ms', value: median(refused) },
    { name: 'request refused among them, p99', unit: 'ms', value: quantile(refused, 0.99) },
    { name: 'the half about images compiled for containers', unit: 'ms', value: ready - begun },
    { name: 'connection of a container among them, p50', unit: 'ms', value: median(connected) },
    { name: 'connection of a container among them, p99', unit: 'ms', value: quantile(connected, 0.99) },
  ];
}

function hostOf(n: number): string {
  return `registry-${n}.org-${n % 100}.example.com`;
}

function numbers<Item>(make: (n: number) => Item): Item[] {
  return Array.from({ length: count }, (_, n) => make(n));
}
