import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type IpAddress, isWithin, parseIpAddress } from '../../common/ip-address.js';
import { includesPort, parsePortList, everyPort } from '../../common/port-list.js';
import { type NetworkAccess, networkAccessSchema, parseDestination } from '../../policy/index.js';
import { decideName, RuleIndex, type Who } from './index.js';
import { isFor, selectorOf, specificityOf } from './who.js';

const container = (image: readonly string[], labels: Record<string, string> = {}): Who => ({
  kind: 'container',
  id: 'c'.repeat(64),
  name: 'web',
  image,
  labels,
});
const node = container(['docker.io/library/node:22'], { team: 'web' });

function find(
  index: RuleIndex,
  who: Who,
  name: string | undefined,
  address: IpAddress,
  port: number,
): string | undefined {
  const rule =
    (name === undefined ? undefined : index.forName(who, name, port)) ??
    index.forAddress(who, address, port) ??
    index.forEvery(who, port);
  return rule?.place;
}

/** What the order of rules is said to be, without an index: of all that are for the destination the one that comes first. */
function naive(
  { rules }: NetworkAccess,
  who: Who,
  name: string | undefined,
  address: IpAddress,
  port: number,
): Set<string> {
  const fitting = rules.flatMap((rule, index) => {
    const selector = selectorOf(rule.images ?? [], rule.labels ?? []);
    if (!isFor(who)(selector)) return [];
    return [rule.to].flat().flatMap((to) => {
      const { hosts, ports = portsOf(rule.ports) } = parseDestination(to) ?? {};
      if (hosts === undefined || !includesPort(ports, port)) return [];
      const host =
        hosts.kind === 'every'
          ? 0
          : hosts.kind === 'network'
            ? isWithin(address, hosts.network)
              ? 1 + hosts.network.prefix
              : undefined
            : hosts.kind === 'subdomains'
              ? name?.endsWith(`.${hosts.domain}`) === true
                ? 1000 + hosts.domain.length
                : undefined
              : name === hosts.name
                ? 5000
                : undefined;
      if (host === undefined) return [];
      const breadth = ports.some(([first, last]) => first === 1 && last === 65_535)
        ? 0
        : ports.some(([a, b]) => a === b && a === port)
          ? 2
          : 1;
      return [
        {
          place: `bulkhead.networkAccess.rules[${index}]`,
          order: [host, specificityOf(selector), breadth, rule.action === 'deny' ? 1 : 0],
        },
      ];
    });
  });
  const best = fitting.map(({ order }) => order).sort(descending)[0] ?? [];
  return new Set(fitting.filter(({ order }) => descending(order, best) === 0).map(({ place }) => place));
}
const descending = (a: readonly number[], b: readonly number[]): number =>
  b.map((value, index) => value - (a[index] ?? 0)).find((difference) => difference !== 0) ?? 0;
const portsOf = (ports: string | number | undefined) =>
  ports === undefined ? everyPort : (parsePortList(String(ports)) ?? []);

const host = fc.constantFrom(
  '*',
  'a.example',
  '*.example',
  '*.b.example',
  'x.b.example',
  '10.0.0.0/8',
  '10.0.0.5',
  '0.0.0.0/0',
  'fd00::/8',
);
const rule = fc.record(
  {
    to: fc.oneof(host, fc.array(host, { minLength: 1, maxLength: 3 })),
    action: fc.constantFrom('allow' as const, 'deny' as const),
    ports: fc.constantFrom('443', '80,443', '400-500', '1-449', '22,440-65535', '*', 443),
    images: fc.constantFrom(['node:*'], ['node:22'], ['alpine'], ['*']),
    labels: fc.constantFrom(['team=web'], ['team'], ['team=db']),
  },
  { requiredKeys: ['to', 'action'] },
);

describe('RuleIndex', () => {
  test('finds the rule that a look through all of them finds', () => {
    const name = fc.constantFrom(undefined, 'a.example', 'b.example', 'x.b.example', 'c.d.example', 'other');
    const address = fc.constantFrom('10.0.0.5', '10.9.9.9', '203.0.113.5', 'fd00::5', '2001:db8::1');
    const who = fc.constantFrom<Who>(node, container(['docker.io/library/alpine:latest']), {
      kind: 'engine',
    });
    fc.assert(
      fc.property(
        fc.array(rule, { maxLength: 12 }),
        name,
        address,
        who,
        fc.constantFrom(443, 80, 450, 22),
        (rules, name, text, who, port) => {
          const access = networkAccessSchema.parse({ default: 'deny', rules });
          const address = parseIpAddress(text);
          if (address === undefined) throw new Error(text);
          const found = find(new RuleIndex(access), who, name, address, port);
          const expected = naive(access, who, name, address, port);
          expect(expected.size === 0 ? [undefined] : [...expected]).toContain(found);
        },
      ),
      { numRuns: 5000 },
    );
  });
});

test('what no policy that was read has is no rule that says less', () => {
  const indexOf = (rule: object) =>
    new RuleIndex({ default: 'deny', rules: [{ to: 'a.example', action: 'deny', ...rule }] });
  expect(() => indexOf({ to: 'http://a.example' })).toThrow('not a destination');
  expect(() => indexOf({ images: ['UPPER'] })).toThrow('not the name of an image');
});

describe('who a rule is for', () => {
  test.each<[string, readonly string[], readonly string[], Who, boolean]>([
    ['everybody', [], [], { kind: 'engine' }, true],
    ['an image, its tag', ['node:22'], [], node, true],
    ['an image, another tag', ['node:20'], [], node, false],
    ['an image, any tag', ['node:*'], [], node, true],
    ['an image, the tag latest where none is written', ['node'], [], node, false],
    ['a registry and one part of a path', ['ghcr.io/acme/*:*'], [], container(['ghcr.io/acme/tool:1']), true],
    ['a registry, but two parts', ['ghcr.io/acme/*:*'], [], container(['ghcr.io/acme/x/tool:1']), false],
    [
      'a digest',
      [`node@sha256:${'a'.repeat(64)}`],
      [],
      container([`docker.io/library/node@sha256:${'a'.repeat(64)}`]),
      true,
    ],
    ['an id', [`sha256:${'a'.repeat(64)}`], [], container([`sha256:${'a'.repeat(64)}`]), true],
    ['any image, but no container', ['*'], [], { kind: 'engine' }, false],
    ['any image, but a step of a build', ['*'], [], { kind: 'build' }, false],
    ['an image of which nothing is known', ['node:*'], [], container([]), false],
    ['a label', [], ['team=web'], node, true],
    ['a label of any value', [], ['team'], node, true],
    ['a label of another value', [], ['team=we'], node, false],
    ['all labels', [], ['team=web', 'stage'], node, false],
    ['a label every object has', [], ['toString'], node, false],
    ['image and label', ['node:22'], ['team=db'], node, false],
  ])('%s', (_what, images, labels, who, expected) => {
    expect(isFor(who)(selectorOf(images, labels))).toBe(expected);
  });
});

describe('decideName', () => {
  const resolves = (
    name: string,
    standard: 'allow' | 'deny',
    rules: readonly object[],
    who: Who = node,
  ): boolean => {
    const network = new RuleIndex(networkAccessSchema.parse({ default: standard, rules }));
    return decideName({ network, contact: 'x' }, who, name).kind === 'resolve';
  };

  test.each<[string, 'allow' | 'deny', readonly object[], boolean]>([
    ['a.example', 'deny', [], false],
    ['a.example', 'allow', [], true],
    ['a.example', 'deny', [{ to: 'a.example:443', action: 'allow' }], true],
    ['a.example', 'deny', [{ to: '*.example', action: 'allow' }], true],
    ['example', 'deny', [{ to: '*.example', action: 'allow' }], false],
    ['a.example', 'deny', [{ to: '*:443', action: 'allow' }], true],
    ['a.example', 'deny', [{ to: '203.0.113.0/24', action: 'allow' }], false],
    ['a.example', 'allow', [{ to: 'a.example', action: 'deny' }], false],
    ['a.example', 'allow', [{ to: 'a.example:443', action: 'deny' }], true],
    [
      'a.example',
      'allow',
      [
        { to: '*.example', action: 'deny' },
        { to: 'a.example:22', action: 'allow' },
      ],
      true,
    ],
    ['a.example', 'deny', [{ to: 'a.example', action: 'allow', images: ['alpine:*'] }], false],
    ['use-application-dns.net', 'allow', [], false],
  ])('%s, default %s, %j: %s', (name, standard, rules, expected) => {
    expect(resolves(name, standard, rules)).toBe(expected);
  });

  test('the engine has names of listed registries resolved', () => {
    const network = new RuleIndex(networkAccessSchema.parse({ default: 'deny' }));
    const policy = { network, registries: { lists: (host: string) => host === 'ghcr.io' }, contact: 'x' };
    expect(decideName(policy, { kind: 'engine' }, 'ghcr.io').kind).toBe('resolve');
    expect(decideName(policy, node, 'ghcr.io').kind).toBe('refuse');
    expect(decideName({ contact: 'x' }, node, 'ghcr.io').kind).toBe('resolve');
  });
});
