import { chmod, chown, mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { plainReporter } from '../output/plain-reporter.js';
import { systemClock } from '../../common/system-clock.js';
import { RecordingTerminal } from '../test-support/recording-terminal.js';
import { keptByOther } from './kept-by-other.js';
import { tellContext } from './tell-context.js';

let home = '';
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'bh-home-'));
});
afterEach(() => rm(home, { recursive: true }));

describe.runIf(process.getuid?.() === 0)('root, with the HOME of another user', () => {
  const stranger = 12_345;
  beforeEach(() => chown(home, stranger, stranger));

  test.each([
    ['HOME', () => ({ HOME: home }), true],
    ['DOCKER_CONFIG', () => ({ HOME: '/root', DOCKER_CONFIG: join(home, 'own', 'docker') }), true],
    ['HOME, and a directory of its own', () => ({ HOME: home, DOCKER_CONFIG: '/root/.docker' }), false],
  ])('%s says where contexts are kept', async (_what, env, isOther) => {
    expect((await keptByOther(env()))?.path).toBe(isOther ? home : undefined);
    expect(await keptByOther(env(), stranger)).toBeUndefined();
  });

  test('makes no context there, is told why, and has the Docker client do nothing', async () => {
    const programs = join(home, 'programs');
    await mkdir(programs);
    await writeFile(join(programs, 'docker'), `#!/bin/sh\ntouch ${home}/asked\nexit 1\n`);
    await chmod(join(programs, 'docker'), 0o755);
    const path = `${programs}:${process.env['PATH']}`;
    vi.stubEnv('PATH', path);
    const terminal = new RecordingTerminal();
    const context = { env: { PATH: path, HOME: home }, reporter: plainReporter(terminal, systemClock) };
    const request = { instance: 'one', dockerHost: 'unix:///run/bulkhead/one/docker.sock', use: true };
    expect(await tellContext(context, request)).toBe('Use it with  eval "$(bulkhead env --name one)"');
    expect(terminal.written).toContain(`${home} belongs to user ${stranger}`);
    expect(await readdir(home)).toEqual(['programs']);
    await tellContext({ ...context, env: { PATH: path, HOME: '/root' } }, request);
    expect((await readdir(home)).sort()).toEqual(['asked', 'programs']);
  });
});
