import { once } from 'node:events';
import { mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { encodeMessage, type Field } from '../wire.js';
import { canStage, makeFrontDoor, type Outcome, type TestFrontDoor } from './front-door.test-support.js';

describe.skipIf(!canStage)('the front door refuses the container with one sentence', () => {
  let door: TestFrontDoor;
  let layers: string;
  let server: Server | undefined;

  beforeAll(async () => {
    door = await makeFrontDoor({ deadline: 1000 });
    door.setRunc('echo started');
    layers = join(door.directory, 'layers');
    for (const name of ['l0', 'snap/fs', 'merged']) mkdirSync(join(layers, name), { recursive: true });
  });
  afterAll(() => door?.[Symbol.dispose]());
  afterEach(async () => {
    if (server === undefined) return;
    const closed = once(server, 'close');
    server.close();
    await closed;
    server = undefined;
  });

  /** A daemon that answers the n-th message with the n-th of `answers`, then ends the connection. */
  async function daemon(...answers: readonly (Buffer | ((socket: Socket) => void))[]): Promise<void> {
    server = createServer((socket) => {
      let at = 0;
      socket.on('error', () => undefined); // a front door that gave up
      socket.on('data', () => {
        const answer = answers[at++];
        if (typeof answer === 'function') answer(socket);
        else if (answer !== undefined) socket.write(answer);
        if (at >= answers.length && typeof answer !== 'function') socket.end();
      });
    });
    server.listen(door.socket);
    await once(server, 'listening');
  }
  const open = (...paths: string[]) => encodeMessage(['open', join(layers, 'merged'), ...paths]);
  const plan = (...ops: Field[]) => encodeMessage(['plan', 'userns', '100000', '65536', '0', '0', ...ops]);
  const overlay = (name = 'fs', options = '') => [
    'layer',
    join(layers, 'l0'),
    'upper',
    join(layers, 'snap'),
    'overlay',
    '0',
    '/',
    name,
    'work',
    options,
  ];
  const create = () => door.run('create', '--bundle', door.makeBundle('{}'), 'c1');
  function expectRefusal(result: Outcome, sentence: string | RegExp): void {
    expect(result).toMatchObject({ code: 1, stdout: '', stderr: '' });
    expect(result.log.map(({ level }) => level)).toEqual(['error']);
    expect(result.log[0]?.msg).toMatch(/^bulkhead: /);
    expect(result.log[0]?.msg.slice('bulkhead: '.length)).toMatch(sentence);
    // runc was not started (it would have written to stdout), and nothing is left behind.
    expect(readFileSync('/proc/self/mountinfo', 'utf8')).not.toContain(door.directory);
    expect(readdirSync(join(door.directory, 'run/stage'))).toEqual([]);
  }

  test('when no daemon listens', async () => {
    expectRefusal(
      await create(),
      /^bulkheadd, which must approve every container, does not answer \(\S+: No such file/,
    );
  });

  test('when the daemon died and left its socket', async () => {
    writeFileSync(door.socket, '');
    expectRefusal(await create(), /does not answer .*Connection refused/);
    rmSync(door.socket);
  });

  test('when the daemon refuses, in its words and with its code', async () => {
    const sentence = 'enhanced container isolation: "host" network\nis refused — é';
    await daemon(open(), encodeMessage(['refuse', 'BH_ISOLATION_HOST_NETWORK', sentence]));
    const result = await create();
    expectRefusal(result, /^enhanced container isolation/);
    expect(result.log[0]).toMatchObject({ msg: `bulkhead: ${sentence}`, code: 'BH_ISOLATION_HOST_NETWORK' });
  });

  test('when the daemon refuses before it opened anything', async () => {
    await daemon(encodeMessage(['refuse', 'BH_X', 'no']));
    expectRefusal(await create(), 'no');
  });

  test('when the daemon does not answer in time', async () => {
    await daemon(() => undefined);
    expectRefusal(await create(), 'gave no answer within 1 seconds');
  });

  test('when the daemon answers drop by drop for ever', async () => {
    const timers = new Set<NodeJS.Timeout>();
    await daemon((socket) => {
      socket.write(Buffer.from([255, 0, 0, 0]));
      timers.add(setInterval(() => socket.write(Buffer.from([0])), 100));
    });
    expectRefusal(await create(), 'gave no answer within 1 seconds');
    for (const timer of timers) clearInterval(timer);
  });

  const whole = () => plan(...overlay(), 'config', '{"new":true}');
  test.each([
    [
      'the end of the connection at once',
      () => [(socket: Socket) => socket.end()],
      'before its answer was complete',
    ],
    [
      'the end of the connection within the plan',
      () => [open(), whole().subarray(0, 60)],
      'before its answer was complete',
    ],
    ['a message longer than 16 MiB', () => [Buffer.from([1, 0, 0, 1])], 'malformed: it is too long'],
    ['an empty message', () => [Buffer.from([0, 0, 0, 0])], 'malformed: it is empty'],
    [
      'a field beyond its message',
      () => [Buffer.from([5, 0, 0, 0, 9, 0, 0, 0, 65])],
      'malformed: a field is longer',
    ],
    ['an unknown verb', () => [encodeMessage(['run', 'x'])], '"open" was expected'],
    ['no path', () => [encodeMessage(['open'])], 'needs 0 paths'],
    [
      'too many paths',
      () => [encodeMessage(['open', ...Array.from({ length: 513 }, () => '/')])],
      'needs 513 paths',
    ],
    ['a relative path', () => [encodeMessage(['open', '/x', 'etc'])], 'path 1 is not an absolute path'],
    ['a path with a NUL', () => [encodeMessage(['open', '/x\0y'])], 'path 0 is not an absolute path'],
    [
      'an unknown operation',
      () => [open(), plan(...overlay(), 'exec', '/bin/sh', 'config', '{}')],
      'operation 5 \\(exec\\) is not config',
    ],
    ['no config', () => [open(), plan(...overlay())], 'operation 5 \\(the end\\) is not config'],
    [
      'a name that leaves the staging directory',
      () => [open(), plan(...overlay('../x'), 'config', '{}')],
      'operation 4 \\(overlay\\) has a bad argument',
    ],
    [
      'a layer that is not there',
      () => [
        open(),
        plan('layer', '/nonexistent', 'upper', layers, 'overlay', '0', '/', 'a', 'b', '', 'config', '{}'),
      ],
      '/nonexistent cannot be cloned: No such file',
    ],
    [
      'an upper directory that is not there',
      () => [open(), plan(...overlay('none'), 'config', '{}')],
      'root file system cannot be mounted: No such file',
    ],
    [
      'an overlay option that would name another directory',
      () => [open(), plan(...overlay('fs', 'upperdir=u1'), 'config', '{}')],
      'operation 4 \\(overlay\\) has a bad argument',
    ],
    [
      'a bind of a path that could not be opened',
      () => [open('/nonexistent/y'), plan(...overlay(), 'bind', '1', 'idmap', 'config', '{}')],
      '/nonexistent/y was not opened',
    ],
    [
      'an id-mapped bind of a file system that cannot be',
      () => [open('/proc/sys'), plan(...overlay(), 'bind', '1', 'idmap', 'config', '{}')],
      '/proc/sys cannot be given the ids of the container',
    ],
  ])('when the daemon sends %s', async (_, answers, sentence) => {
    await daemon(...answers());
    expectRefusal(await create(), new RegExp(sentence));
  });

  test('and starts it when nothing is wrong, so that these tests mean something', async () => {
    await daemon(open(), whole());
    expect(await create()).toMatchObject({ code: 0, stdout: 'started\n', log: [] });
  });

  test('when the bundle is no directory or its config is a link or too long', async () => {
    const bundle = join(door.directory, 'odd');
    mkdirSync(bundle);
    await daemon(open(), whole());
    expectRefusal(
      await door.run('create', '--bundle', join(bundle, 'none'), 'c1'),
      /the bundle \S+ cannot be opened: No such/,
    );
    expectRefusal(
      await door.run('create', '--bundle', bundle, 'c1'),
      'config.json of the bundle cannot be opened: No such',
    );
    symlinkSync('/etc/passwd', join(bundle, 'config.json'));
    expectRefusal(
      await door.run('create', '--bundle', bundle, 'c1'),
      'config.json of the bundle cannot be opened: Too many levels',
    );
    rmSync(join(bundle, 'config.json'));
    writeFileSync(join(bundle, 'config.json'), Buffer.alloc(8 * 1024 * 1024 + 1, ' '));
    expectRefusal(await door.run('create', '--bundle', bundle, 'c1'), 'longer than 8388608 bytes');
  });

  test('on stderr when there is no log file', async () => {
    const result = await door.runBare('frobnicate');
    expect(result).toMatchObject({ code: 1, stdout: '', log: [] });
    expect(JSON.parse(result.stderr)).toMatchObject({ msg: 'bulkhead: the command frobnicate is not known' });
  });

  test("on stderr too for `run`: BuildKit shows a step's stderr, never the log", async () => {
    await daemon(encodeMessage(['refuse', 'BH_X', 'because']));
    const result = await door.run('run', '--bundle', door.makeBundle('{}'), 'c1');
    expect(result).toMatchObject({ code: 1, stdout: '' });
    expect(result.stderr.trim()).toBe('bulkhead: because');
    expect(result.log[0]).toMatchObject({ code: 'BH_X', msg: 'bulkhead: because' });
  });

  test('in a log file named relatively, also when the working directory has changed meanwhile', async () => {
    await daemon(open(), plan(...overlay('none'), 'config', '{}'));
    const result = await door.runBare(
      '--log',
      'relative.json',
      'create',
      '--bundle',
      door.makeBundle('{}'),
      'c1',
    );
    expect(result).toMatchObject({ code: 1, stderr: '' });
    expect(readFileSync(join(door.directory, 'relative.json'), 'utf8')).toContain(
      'root file system cannot be mounted',
    );
  });

  test.each([
    [['--unknown', 'create', 'c1'], 'the option --unknown is not known'],
    [['frobnicate'], 'the command frobnicate is not known'],
    [['create', 'c1', '--bundle', '/other'], 'last argument'],
  ])('for the command line %j', async (args, sentence) => {
    expectRefusal(await door.run(...args), new RegExp(sentence));
  });

  test('but leaves every other command to runc, without asking anybody', async () => {
    expect(await door.run('delete', '--force', 'c1')).toMatchObject({ code: 0, stdout: 'started\n' });
    expect(await door.run('--version')).toMatchObject({ code: 0, stdout: 'started\n' });
  });
});
