import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseAuthority } from '../../common/authority.js';
import { parseHostPattern } from '../../common/host-pattern.js';
import { readSettings } from '../../policy/read-settings.js';
import type { RegistryAccess } from '../../policy/index.js';
import type { Access, RegistryOperation } from '../registry-requests/operation.js';
import { readRequest } from '../registry-requests/read-request.js';
import type { Verdict } from '../verdict.js';
import { decideRegistry } from './decide-registry.js';
import { compileRegistryAccess } from './registry-rules.js';

function accessOf(rules: readonly object[]): RegistryAccess {
  const document = { configurationFileVersion: 2, bulkhead: { registryAccess: { rules } } };
  const { settings, problems } = readSettings(Buffer.from(JSON.stringify(document)), 'p.json');
  const access = settings?.bulkhead?.registryAccess;
  if (access === undefined) throw problems?.[0] ?? new Error('no rules');
  return access;
}

function operationOf(line: string, host: string): RegistryOperation {
  const [method = '', target = ''] = line.split(' ');
  const read = readRequest({ method, target, host });
  if (read.kind === 'unreadable') throw new Error(read.reason);
  return read.operation;
}

function decide(rules: readonly object[], host: string, line = 'GET /v2/a/b/manifests/c'): Verdict {
  const authority = parseAuthority(host);
  if (authority === undefined) throw new Error(host);
  const { host: name, port = 443 } = authority;
  const question = { host: name, port, operation: operationOf(line, host) };
  return decideRegistry(compileRegistryAccess(accessOf(rules)), question, 'Ada');
}

/** The place that permits, or the words of the refusal. */
function answer(...asked: Parameters<typeof decide>): string {
  const verdict = decide(...asked);
  return verdict.verdict === 'permit'
    ? verdict.place.replace('bulkhead.registryAccess.', '')
    : verdict.error.message;
}

const push = 'PUT /v2/a/b/manifests/c';
const blob = 'GET /some/file';

describe('a registry', () => {
  test('that is listed is reached, any other refused with rule, setting and contact', () => {
    const rules = [{ host: 'ghcr.io' }];
    expect(answer(rules, 'ghcr.io')).toBe('rules[0]');
    expect(answer(rules, 'quay.io')).toBe(
      'Access to quay.io has been restricted by your administrators: asking it as a registry is refused by rule registry-access, because no rule names it. Setting: bulkhead.registryAccess. To access this registry, ask Ada to add it to the allowed registries.',
    );
    expect(answer([], 'quay.io')).toContain('no rule names it');
  });

  test.each([
    ['GHCR.io', 'rules[0]'],
    ['ghcr.io.', 'rules[0]'],
    ['ghcr.io:443', 'rules[0]'],
    ['ghcr.io:80', 'no rule names it'],
    ['ghcr.io:8443', 'no rule names it'],
    ['www.ghcr.io', 'no rule names it'],
    ['ghcr.io.evil.example', 'no rule names it'],
    ['evil-ghcr.io', 'no rule names it'],
    ['10.0.0.5:5000', 'rules[1]'],
    ['10.0.0.5', 'no rule names it'],
    ['[::ffff:10.0.0.5]:5000', 'rules[1]'],
    ['any.example:1', 'rules[2]'],
    ['any.example:65535', 'rules[2]'],
    ['a.amazonaws.com', 'rules[3]'],
    ['a.b.amazonaws.com', 'rules[3]'],
    ['amazonaws.com', 'no rule names it'],
    ['notamazonaws.com', 'no rule names it'],
    ['[2001:db8::1]', 'rules[4]'],
    ['[2001:DB8:0::1]', 'rules[4]'],
    ['[2001:db8::2]', 'no rule names it'],
  ])('%s', (host, expected) => {
    const rules = [
      { host: 'ghcr.io' },
      { host: '10.0.0.5', port: 5000 },
      { host: 'any.example', port: '*' },
      { host: '*.amazonaws.com' },
      { host: '2001:DB8::0:1' },
    ];
    expect(answer(rules, host)).toContain(expected);
  });

  test('is pulled from, and pushed to only where a rule says so', () => {
    const rules = [
      { host: 'in.example' },
      { host: 'both.example', push: true },
      { host: 'out.example', pull: false, push: true },
    ];
    for (const line of ['GET /v2/', 'GET /v2/a/tags/list', 'GET /token?scope=repository:a/b:pull']) {
      expect(answer(rules, 'in.example', line)).toBe('rules[0]');
      expect(answer(rules, 'both.example', line)).toBe('rules[1]');
    }
    const changing = [
      push,
      'POST /v2/a/blobs/uploads/',
      'DELETE /v2/a/manifests/b',
      'GET /token?scope=repository:a/b:pull,push',
      'PUT /x',
    ];
    for (const line of changing) {
      expect(answer(rules, 'in.example', line)).toContain(
        'changing what is there is refused by rule registry-access, because bulkhead.registryAccess.rules[0] does not allow to push',
      );
      expect(answer(rules, 'both.example', line)).toBe('rules[1]');
      expect(answer(rules, 'out.example', line)).toBe('rules[2]');
    }
    expect(answer(rules, 'out.example', 'GET /v2/')).toBe('rules[2]');
    expect(answer(rules, 'out.example')).toContain('rules[2] does not allow to pull');
    expect(answer(rules, 'out.example', 'GET /v2/_catalog')).toContain('does not allow to pull');
    expect(answer([{ host: 'no.example', pull: false }], 'no.example', 'GET /v2/')).toContain(
      'does not allow to use it',
    );
  });

  test('of several rules that are for it, the nearest name decides, then the port', () => {
    const rules = [
      { host: '*.example', push: true },
      { host: '*.a.example', port: '*' },
      { host: 'x.a.example', port: '*', pull: false },
      { host: 'x.a.example', port: 5000, push: true },
    ];
    expect(answer(rules, 'y.example', push)).toBe('rules[0]');
    expect(answer(rules, 'y.a.example', push)).toContain('rules[1] does not allow to push');
    expect(answer(rules, 'y.a.example')).toBe('rules[1]');
    expect(answer(rules, 'x.a.example')).toContain('rules[2] does not allow to pull');
    expect(answer(rules, 'x.a.example:5000', push)).toBe('rules[3]');
    expect(answer(rules, 'x.b.example:5000')).toContain('no rule names it');
  });

  test('takes blob stores and token servers with it, each for its part alone', () => {
    const alsoHosts = [
      { host: '*.cdn.example' },
      { host: 'auth.example', role: 'token' },
      { host: 'eu.example', port: 5000, role: 'registry' },
    ];
    const rules = [{ host: 'r.example', alsoHosts }];
    expect(answer(rules, 'a.cdn.example', blob)).toBe('rules[0].alsoHosts[0]');
    expect(answer(rules, 'a.cdn.example')).toContain(
      'rules[0].alsoHosts[0] opens it as a host of blobs alone',
    );
    expect(answer(rules, 'a.cdn.example', 'GET /token?service=x')).toContain(
      'asking it for a token is refused',
    );
    expect(answer(rules, 'a.cdn.example', 'PUT /x')).toContain('does not allow to push');
    expect(answer(rules, 'auth.example', 'GET /token?service=x')).toBe('rules[0].alsoHosts[1]');
    expect(answer(rules, 'auth.example', blob)).toBe('rules[0].alsoHosts[1]');
    expect(answer(rules, 'auth.example')).toContain('as a host of token alone');
    expect(answer(rules, 'eu.example:5000')).toBe('rules[0].alsoHosts[2]');
    expect(answer(rules, 'eu.example')).toContain('no rule names it');
    expect(answer([{ ...rules[0], push: true }], 'a.cdn.example', 'PUT /x')).toBe('rules[0].alsoHosts[0]');
  });

  test('of the Hub is one with all its hosts, by whichever of its names', () => {
    for (const host of ['docker.io', 'Registry-1.docker.io', 'index.docker.io.']) {
      const rules = [{ host }];
      for (const registry of [
        'docker.io',
        'registry-1.docker.io',
        'index.docker.io',
        'registry.hub.docker.com',
        'registry.ipv6.docker.com',
      ])
        expect(answer(rules, registry)).toBe('rules[0]');
      expect(answer(rules, 'auth.docker.io', 'GET /token?scope=repository:a/b:pull')).toBe('rules[0]');
      expect(answer(rules, 'production.cloudfront.docker.com', blob)).toBe('rules[0]');
      expect(answer(rules, 'production.cloudfront.docker.com')).toContain('a host of blobs alone');
      expect(answer(rules, 'auth.docker.io', 'GET /token?scope=repository:a/b:push')).toContain(
        'not allow to push',
      );
      expect(answer(rules, 'hub.docker.com', blob)).toContain('no rule names it');
    }
    expect(answer([{ host: 'docker.io', port: 5000 }], 'registry-1.docker.io')).toContain('no rule names it');
    expect(answer([{ host: '*.docker.io' }], 'auth.docker.io')).toBe('rules[0]');
  });

  test('is decided as by going through all rules', () => {
    const label = fc.constantFrom('a', 'b', 'c');
    const name = fc
      .array(label, { minLength: 1, maxLength: 3 })
      .map((labels) => [...labels, 'example'].join('.'));
    const port = fc.constantFrom(443, 5000, '*' as const);
    const rule = fc.record({
      host: fc.oneof(
        name,
        name.map((text) => `*.${text}`),
      ),
      port,
      pull: fc.boolean(),
      push: fc.boolean(),
    });
    const rules = fc.uniqueArray(rule, { maxLength: 12, selector: ({ host, port: of }) => `${host} ${of}` });
    fc.assert(
      fc.property(
        rules,
        name,
        fc.constantFrom(443, 5000),
        fc.constantFrom<Access>('pull', 'push'),
        (list, host, at, access) => {
          const best = list
            .filter(({ host: pattern, port: of }) => (of === '*' || of === at) && isFor(pattern, host))
            .toSorted((a, b) => rank(b) - rank(a))[0];
          const line = access === 'pull' ? undefined : push;
          const { verdict } = decide(list, `${host}:${at}`, line);
          expect(verdict === 'permit').toBe(best?.[access] ?? false);
        },
      ),
      { numRuns: 2000 },
    );
  });
});

function isFor(pattern: string, host: string): boolean {
  return pattern === host || (pattern.startsWith('*.') && host.endsWith(pattern.slice(1)));
}

function rank({ host, port }: { readonly host: string; readonly port: number | '*' }): number {
  const below = parseHostPattern(host)?.below === true;
  return (below ? 0 : 1000) + host.length * 2 + (port === '*' ? 0 : 1);
}
