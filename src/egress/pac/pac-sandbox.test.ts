import { describe, expect, test } from 'vitest';
import { PacSandbox } from './pac-sandbox.js';
import type { PacAnswers } from './pac-value.js';

const file = (body: string): string => `function FindProxyForURL(url, host) { ${body} }`;

async function run(text: string, host = 'a.example', answers: PacAnswers = {}): Promise<string> {
  const outcome = await new PacSandbox(text, '192.0.2.1').run(`https://${host}:443`, host, answers);
  return outcome.kind === 'result'
    ? outcome.text
    : outcome.kind === 'resolve'
      ? `? ${outcome.name}`
      : outcome.reason;
}

describe('a file', () => {
  test.each([
    [file('return "DIRECT"'), 'DIRECT'],
    [`\uFEFF${file('return url + " " + host')}`, 'https://a.example:443 a.example'],
    [
      file('return dnsDomainIs(host, ".example") && shExpMatch(url, "https://*.example:*") ? "yes" : "no"'),
      'yes',
    ],
    [
      file('return [isPlainHostName(host), dnsDomainLevels(host), myIpAddress()].join()'),
      'false,1,192.0.2.1',
    ],
    [file('const {x = 1} = {}; return `${x ?? 2}${[1]?.at(-1)}`'), '11'],
    [file('alert("x"); return String(isInNet("10.1.2.3", "10.0.0.0", "255.0.0.0"))'), 'true'],
    [file('return String(new Date().getTimezoneOffset())'), String(new Date().getTimezoneOffset())],
  ])('%j answers', async (text, expected) => {
    expect(await run(text)).toBe(expected);
  });

  test('is run again with the addresses it asks for, even where it swallows what stands in its way', async () => {
    const asking = file(
      'try { var ip = dnsResolve(host) } catch (e) {} if (ip === null) return "none"; return ip',
    );
    expect(await run(asking)).toBe('? a.example');
    expect(await run(asking, 'a.example', { 'a.example': '192.0.2.7' })).toBe('192.0.2.7');
    expect(await run(asking, 'a.example', { 'a.example': null })).toBe('none');
    expect(await run(asking, '192.0.2.9')).toBe('192.0.2.9');
    expect(
      await run(file('return dnsResolve("A.Example") + isResolvable("b.example")'), 'x', {
        'a.example': '192.0.2.7',
      }),
    ).toBe('? b.example');
    // A name that every object has is no answer.
    expect(await run(file('return String(dnsResolve("constructor"))'))).toBe('? constructor');
  });

  test.each([
    ['function FindProxyForURL(', 'SyntaxError'],
    ['var x = 1', 'it has no function FindProxyForURL'],
    ['var FindProxyForURL = "DIRECT"', 'it has no function FindProxyForURL'],
    [file('return 1'), 'its answer is no text'],
    [file('return null'), 'its answer is no text'],
    [file('throw new Error("no")'), 'Error: no'],
    [file('throw "no"'), 'Error: no'],
    [file('throw null'), 'Error: null'],
    [file('return isInNetEx(host, "::/0")'), 'ReferenceError'],
    [file('return require("fs").readFileSync("/etc/passwd")'), 'ReferenceError'],
    [file('return process.env.HOME'), 'ReferenceError'],
    [file('return fetch("http://a.example")'), 'ReferenceError'],
    [file('while (true) {}'), 'it took longer'],
    [file('try { while (true) {} } finally { while (true) {} }'), 'it took longer'],
    [file('while (true) { try { while (true) {} } catch (e) {} }'), 'it took longer'],
    [file('return String(/(a+)+$/.test("a".repeat(40) + "b"))'), 'it took longer'],
    ['while (true) {}', 'it took longer'],
    [file('var all = []; while (true) all.push(new Array(10000).fill(7))'), ''],
    [file('var text = "x"; while (true) text += text'), 'InternalError'],
    [file('return FindProxyForURL(url, host) + 1'), 'stack'],
    [file(`return ${'['.repeat(200_000)}`), 'stack'],
  ])(
    '%s fails',
    async (text, reason) => {
      const outcome = await new PacSandbox(text, '192.0.2.1').run('https://a.example:443', 'a.example', {});
      expect(outcome.kind).toBe('failed');
      expect(JSON.stringify(outcome)).toContain(reason);
    },
    10_000,
  );

  test('that failed once is asked again from its beginning', async () => {
    const text = `var runs = 0; ${file('runs += 1; if (host === "loop") while (true) {} if (host === "deep") { (function f() { f() })() } return String(runs)')}`;
    const sandbox = new PacSandbox(text, '192.0.2.1');
    const ask = async (host: string) => sandbox.run(`https://${host}`, host, {});
    expect(await ask('a')).toEqual({ kind: 'result', text: '1' });
    expect(await ask('b')).toEqual({ kind: 'result', text: '2' });
    for (const bad of ['loop', 'deep']) {
      expect(await ask(bad)).toMatchObject({ kind: 'failed' });
      expect(await ask('a')).toEqual({ kind: 'result', text: '1' });
    }
  });

  test('gets nothing but text, whatever is in a name', async () => {
    expect(await run(file('return typeof host + host'), '"); throw 1; ("')).toBe('string"); throw 1; ("');
  });
});
