import { describe, expect, test } from 'vitest';
import type { Exec, ExecResult } from '../../common/exec.js';
import { keepContext } from './keep-context.js';

interface Kept {
  host: string;
  description: string;
}

/** A Docker client as far as contexts go; `failing` is the subcommand that does not work. */
function fakeDocker(contexts: Map<string, Kept>, failing?: string): { exec: Exec; calls: string[][] } {
  const calls: string[][] = [];
  const done = (exitCode: number, stdout = '', stderr = ''): ExecResult => ({ exitCode, stdout, stderr });
  const run: Exec['run'] = async (file, args, options) => {
    calls.push([file, ...args]);
    expect(options?.env).not.toHaveProperty('DOCKER_HOST');
    expect(options?.env).not.toHaveProperty('DOCKER_CONTEXT');
    const [, verb = '', name = ''] = args;
    if (verb === failing) return done(1, '', 'read-only file system');
    const kept = contexts.get(name);
    if (verb === 'inspect')
      return kept === undefined
        ? done(1, '[]', 'context not found')
        : done(
            0,
            JSON.stringify([
              {
                Name: name,
                Metadata: { Description: kept.description },
                Endpoints: { docker: { Host: kept.host } },
              },
            ]),
          );
    const value = (option: string): string => args[args.indexOf(option) + 1] ?? '';
    if (verb === 'rm') contexts.delete(name);
    if (verb === 'create' || verb === 'update')
      contexts.set(name, { host: value('--docker').slice(5), description: value('--description') });
    return done(0);
  };
  return { exec: { run }, calls };
}

const request = { instance: 'default', dockerHost: 'unix:///run/b/docker.sock', use: false };
const environment = { HOME: '/home/ada', DOCKER_HOST: 'unix:///elsewhere', DOCKER_CONTEXT: 'gone' };
const verbs = (calls: readonly (readonly string[])[]): (string | undefined)[] =>
  calls.map(([, , verb]) => verb);

describe('keepContext', () => {
  test('makes one that is missing, by the name of the instance', async () => {
    const contexts = new Map<string, Kept>();
    const { exec, calls } = fakeDocker(contexts);
    expect(await keepContext(exec, environment, request)).toEqual({
      kind: 'kept',
      context: 'bulkhead',
      used: false,
    });
    expect(await keepContext(exec, environment, { ...request, instance: 'ci', use: true })).toMatchObject({
      context: 'bulkhead-ci',
      used: true,
    });
    expect(contexts.get('bulkhead')).toEqual({
      host: request.dockerHost,
      description: 'Bulkhead, instance default',
    });
    expect(verbs(calls)).toEqual(['inspect', 'create', 'inspect', 'create', 'use']);
  });

  test('leaves a right one alone, and makes its own right where the socket has moved', async () => {
    const contexts = new Map<string, Kept>();
    const { exec, calls } = fakeDocker(contexts);
    await keepContext(exec, environment, request);
    await keepContext(exec, environment, request);
    await keepContext(exec, environment, { ...request, dockerHost: 'unix:///other/docker.sock' });
    expect(verbs(calls)).toEqual(['inspect', 'create', 'inspect', 'inspect', 'update']);
    expect(contexts.get('bulkhead')?.host).toBe('unix:///other/docker.sock');
  });

  test('never touches a foreign one, nor uses it', async () => {
    const foreign = { host: 'ssh://build.example.org', description: 'the build machine' };
    const contexts = new Map([['bulkhead', { ...foreign }]]);
    const { exec, calls } = fakeDocker(contexts);
    expect(await keepContext(exec, environment, { ...request, use: true })).toEqual({
      kind: 'foreign',
      context: 'bulkhead',
      host: foreign.host,
    });
    expect(contexts.get('bulkhead')).toEqual(foreign);
    expect(verbs(calls)).toEqual(['inspect']);
  });

  test.each(['create', 'use'])('says why where `%s` fails, and does not reject', async (failing) => {
    const { exec } = fakeDocker(new Map(), failing);
    expect(await keepContext(exec, environment, { ...request, use: true })).toEqual({
      kind: 'failed',
      context: 'bulkhead',
      reason: 'read-only file system',
    });
  });

  test('where others could put a socket, none is made, and ours that leads there is taken away', async () => {
    const contexts = new Map<string, Kept>();
    const { exec, calls } = fakeDocker(contexts);
    const open = { ...request, isOpen: true, use: true };
    expect(await keepContext(exec, environment, open)).toEqual({ kind: 'open', context: 'bulkhead' });
    await keepContext(exec, environment, request);
    expect(await keepContext(exec, environment, open)).toEqual({ kind: 'open', context: 'bulkhead' });
    expect(contexts.size).toBe(0);
    expect(verbs(calls)).toEqual(['inspect', 'inspect', 'create', 'inspect', 'rm']);
  });

  test('one that is in use says why it stays there, and what leads elsewhere or is foreign is left alone', async () => {
    const contexts = new Map([
      ['bulkhead', { host: request.dockerHost, description: 'Bulkhead, instance default' }],
      ['bulkhead-ci', { host: request.dockerHost, description: 'the build machine' }],
    ]);
    const { exec, calls } = fakeDocker(contexts, 'rm');
    const open = { ...request, isOpen: true };
    const left = 'read-only file system';
    expect(await keepContext(exec, environment, open)).toEqual({ kind: 'open', context: 'bulkhead', left });
    for (const other of [
      { ...open, dockerHost: 'unix:///tmp/other' },
      { ...open, instance: 'ci' },
    ])
      expect(await keepContext(exec, environment, other)).not.toHaveProperty('left');
    expect(contexts.size).toBe(2);
    expect(verbs(calls)).toEqual(['inspect', 'rm', 'inspect', 'inspect']);
  });

  test('without a Docker client there is nothing to keep', async () => {
    const exec: Exec = { run: () => Promise.reject(Object.assign(new Error('spawn'), { code: 'ENOENT' })) };
    expect(await keepContext(exec, environment, request)).toEqual({ kind: 'no-client' });
  });

  test('an answer that makes no sense is a failure', async () => {
    const exec: Exec = { run: async () => ({ exitCode: 0, stdout: '{}', stderr: '' }) };
    expect(await keepContext(exec, environment, request)).toMatchObject({ kind: 'failed' });
  });
});
