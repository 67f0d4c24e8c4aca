import { afterEach, describe, expect, test } from 'vitest';
import { PacFailure, PacRunner } from './index.js';

/** The thread runs what was built. */
const worker = new URL('../../../dist/egress/pac/pac-worker.js', import.meta.url);
const file = (body: string): string => `function FindProxyForURL(url, host) { ${body} }`;

const runners: PacRunner[] = [];
function runner(
  body: string,
  resolve: (name: string) => Promise<string | undefined> = async () => Promise.resolve(undefined),
): PacRunner {
  const made = new PacRunner(file(body), { resolve, ownAddress: '192.0.2.1', worker });
  runners.push(made);
  return made;
}
afterEach(async () => {
  for (const made of runners.splice(0)) await made[Symbol.asyncDispose]();
});

describe('PacRunner', () => {
  test('answers many at once, each its own', async () => {
    const pac = runner('return "PROXY " + host + ":1"');
    const hosts = Array.from({ length: 200 }, (_, n) => `h${n}.example`);
    const answers = await Promise.all(hosts.map(async (host) => pac.find(`https://${host}:443`, host)));
    expect(answers).toEqual(hosts.map((host) => `PROXY ${host}:1`));
  });

  test('a client that asks a hundred times has its neighbour wait for one of its own', async () => {
    const pac = runner('return "DIRECT"');
    let answered = 0;
    const flood = Array.from({ length: 100 }, async () =>
      pac.find('https://a.example:443', 'a.example', 'a').then(() => (answered += 1)),
    );
    await pac.find('https://b.example:443', 'b.example', 'b');
    expect(answered).toBeLessThan(5);
    await Promise.all(flood);
  });

  test('asks for addresses, and lets others through meanwhile', async () => {
    const asked: string[] = [];
    let release = (_address: string): void => {};
    const held = new Promise<string>((resolve) => (release = resolve));
    const pac = runner(
      'return host === "quick" ? "DIRECT" : dnsResolve(host) + dnsResolve("other.example")',
      async (name) => {
        asked.push(name);
        return name === 'slow.example' ? held : undefined;
      },
    );
    const slow = pac.find('https://slow.example', 'slow.example');
    expect(await pac.find('https://quick', 'quick')).toBe('DIRECT');
    release('192.0.2.7');
    expect(await slow).toBe('192.0.2.7null');
    expect(asked).toEqual(['slow.example', 'other.example']);
  });

  test('does not ask for names without end, nor for what is no name', async () => {
    const asked: string[] = [];
    const pac = runner(
      'if (host === "odd") return String(dnsResolve("a b")); for (var n = 0; ; n++) dnsResolve(n + ".example")',
      async (name) => {
        asked.push(name);
        return Promise.resolve(undefined);
      },
    );
    await expect(pac.find('https://a', 'a')).rejects.toThrow('more than 16 names');
    expect(asked).toHaveLength(17);
    expect(await pac.find('https://odd', 'odd')).toBe('null');
    expect(asked).toHaveLength(17);
  });

  test('a file without end is ended, from inside or with its thread, and the next question is answered', async () => {
    // Of runs of two calls that fail, QuickJS looks at its clock a few times in seconds.
    const deep = '(function f() { try { f() } catch (e) { f() } })()';
    const pac = runner(`if (host === "loop") while (true) {} if (host === "deep") ${deep}; return "DIRECT"`);
    for (const host of ['loop', 'deep']) {
      const begun = performance.now();
      await expect(pac.find(`https://${host}`, host)).rejects.toThrow(PacFailure);
      expect(performance.now() - begun).toBeLessThan(10_000);
      expect(await pac.find('https://a', 'a')).toBe('DIRECT');
    }
  });

  test('what it throws is the reason', async () => {
    await expect(runner('throw new Error("no such proxy")').find('https://a', 'a')).rejects.toThrow(
      'no such proxy',
    );
    await expect(runner('}').find('https://a', 'a')).rejects.toThrow('SyntaxError');
  });

  test('a resolver that fails refuses', async () => {
    const pac = runner('return dnsResolve(host)', async () => Promise.reject(new Error('no name server')));
    await expect(pac.find('https://a', 'a')).rejects.toThrow('no name server');
    expect(await runner('return "DIRECT"').find('https://a', 'a')).toBe('DIRECT');
  });

  test('more than can ever be answered is refused at once', async () => {
    const pac = runner('return "DIRECT"');
    const outcomes = await Promise.allSettled(
      Array.from({ length: 1200 }, async () => pac.find('https://a', 'a')),
    );
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1001);
  });
});
