import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { checkInstanceName } from './name.js';
import { instancePaths, type PathFacts, socketPathLimit } from './paths.js';

const bare: PathFacts = {
  env: {},
  uid: 1000,
  home: '/h',
  ownsDirectory: () => false,
  hasSockets: () => false,
};
const xdg = { XDG_STATE_HOME: '/s', XDG_RUNTIME_DIR: '/r' };

test('the XDG variables decide', () => {
  expect(instancePaths('one', { ...bare, env: xdg })).toMatchObject({
    dataDisk: '/s/bulkhead/one/data.raw',
    consoleLog: '/s/bulkhead/one/console.log',
    dockerSocket: '/r/bulkhead/one/docker.sock',
    controllerSocket: '/r/bulkhead/one/controller.sock',
  });
});

test('without them: the home directory, and what logind made', () => {
  const paths = instancePaths('one', {
    ...bare,
    ownsDirectory: (path, uid) => path === '/run/user/1000' && uid === 1000,
  });
  expect(paths.stateDir).toBe(join(homedir(), '.local/state/bulkhead/one'));
  expect(paths.runtimeDir).toBe('/run/user/1000/bulkhead/one');
});

test('without logind: a directory of this user below the temporary one', () => {
  expect(instancePaths('one', bare).runtimeDir).toBe(join(tmpdir(), 'bulkhead-1000/one'));
});

test('root has one in /run, unless that is not root’s alone; what XDG or logind say comes first', () => {
  const root = { ...bare, uid: 0 };
  const runtimeDir = (facts: PathFacts): string => instancePaths('one', facts).runtimeDir;
  const ownsRun: PathFacts['ownsDirectory'] = (path, uid) => path === '/run' && uid === 0;
  expect(runtimeDir({ ...root, ownsDirectory: ownsRun })).toBe('/run/bulkhead/one');
  expect(runtimeDir(root)).toBe(join(tmpdir(), 'bulkhead-0/one'));
  expect(runtimeDir({ ...root, ownsDirectory: () => true })).toBe('/run/user/0/bulkhead/one');
  expect(runtimeDir({ ...root, ownsDirectory: ownsRun, env: xdg })).toBe('/r/bulkhead/one');
  expect(runtimeDir({ ...bare, ownsDirectory: (path) => path === '/run' })).toBe(
    join(tmpdir(), 'bulkhead-1000/one'),
  );
});

test('what root has running below the temporary directory, from before, is found there, and no other', () => {
  const earlier = join(tmpdir(), 'bulkhead-0/one');
  const having = (...places: readonly string[]): PathFacts => ({
    ...bare,
    uid: 0,
    ownsDirectory: (path) => path === '/run',
    hasSockets: (path, uid) => uid === 0 && places.includes(path),
  });
  expect(instancePaths('one', having(earlier)).controllerSocket).toBe(join(earlier, 'controller.sock'));
  expect(instancePaths('two', having(earlier)).runtimeDir).toBe('/run/bulkhead/two');
  expect(instancePaths('one', having(earlier, '/run/bulkhead/one')).runtimeDir).toBe('/run/bulkhead/one');
});

test('what root has started by sudo is found by root that has logged in since, and no other', () => {
  const session = '/run/user/0/bulkhead/one';
  const loggedIn = (env: PathFacts['env'], ...places: readonly string[]): string =>
    instancePaths('one', {
      ...bare,
      env,
      uid: 0,
      ownsDirectory: () => true,
      hasSockets: (path, uid) => uid === 0 && places.includes(path),
    }).runtimeDir;
  for (const env of [{}, { XDG_RUNTIME_DIR: '/run/user/0' }]) {
    expect(loggedIn(env)).toBe(session);
    expect(loggedIn(env, '/run/bulkhead/one')).toBe('/run/bulkhead/one');
    expect(loggedIn(env, '/run/bulkhead/two')).toBe(session);
    expect(loggedIn(env, '/run/bulkhead/one', session)).toBe(session);
  }
  expect(loggedIn(xdg, '/run/bulkhead/one')).toBe('/r/bulkhead/one');
  const other = { ...bare, env: { XDG_RUNTIME_DIR: '/run/user/1000' }, hasSockets: () => true };
  expect(instancePaths('one', other).runtimeDir).toBe('/run/user/1000/bulkhead/one');
});

test('a relative XDG value is ignored, as the specification demands', () => {
  const env = { XDG_STATE_HOME: 'state', XDG_RUNTIME_DIR: '.' };
  expect(instancePaths('one', { ...bare, env })).toEqual(instancePaths('one', bare));
});

test('two instances share no file', () => {
  const facts = { ...bare, env: xdg };
  const one = new Set(Object.values(instancePaths('one', facts)));
  expect(Object.values(instancePaths('two', facts)).filter((path: string) => one.has(path))).toEqual([]);
});

test('what is remembered of policies is one for all instances, whatever the environment says', () => {
  const user = ['/h/.local/state/bulkhead/.policies', '/var/lib/bulkhead/policies'];
  expect(instancePaths('one', bare).policyRecords).toEqual(user);
  const elsewhere = { ...bare, env: { ...xdg, HOME: '/elsewhere' } };
  expect(instancePaths('two', elsewhere).policyRecords).toEqual(user);
  const root = ['/var/lib/bulkhead/policies'];
  expect(instancePaths('two', { ...elsewhere, uid: 0 }).policyRecords).toEqual(root);
});

test('a socket path the kernel would not take is refused by name', () => {
  const room = socketPathLimit - '//bulkhead/one/controller.sock'.length;
  const env = (length: number) => ({ ...bare, env: { ...xdg, XDG_RUNTIME_DIR: `/${'d'.repeat(length)}` } });
  expect(instancePaths('one', env(room)).controllerSocket).toHaveLength(socketPathLimit);
  expect(() => instancePaths('one', env(room + 1))).toThrow(
    expect.objectContaining({ code: 'BH_SOCKET_PATH_LONG', exitCode: 78 }),
  );
});

test.each(['a', '0', 'ci-2', 'a'.repeat(31)])('%s is a name', (name) => {
  expect(checkInstanceName(name)).toBe(name);
});

test.each(['', '-a', 'A', 'a_b', 'a/b', '..', 'a,b', 'a b', 'a\n', 'ä', 'a'.repeat(32)])(
  '%j is no name',
  (name) => {
    expect(() => checkInstanceName(name)).toThrow(
      expect.objectContaining({ code: 'BH_INSTANCE_NAME', exitCode: 64 }),
    );
  },
);
