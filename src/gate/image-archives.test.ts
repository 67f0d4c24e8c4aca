import { describe, expect, test } from 'vitest';
import type { HeaderField } from './http/header-fields.js';
import { checkImageArchive } from './image-archives.js';
import type { OperationId } from './operations.js';
import { queryOf } from './query.js';

const session = (...methods: string[]): HeaderField[] =>
  methods.map((method) => ['x-docker-expose-session-grpc-method', method]);

const refused: readonly [OperationId, string, HeaderField[], string][] = [
  ['ImageLoad', '/images/load?quiet=1', [], 'docker load is'],
  ['ImageCreate', '/images/create?fromSrc=-&repo=x', [], 'docker import'],
  ['ImageCreate', '/v1.51/images/create?fromSrc=http%3A%2F%2Fx.example%2Fx.tar', [], 'docker import'],
  ['ImageCreate', '/images/create?fromImage=&repo=x', [], 'docker import'],
  ['ImageCreate', '/images/create?repo=x', [], 'docker import'],
  ['ImageCreate', '/images/create?fromImage=x&fromSrc=-', [], 'docker import'],
  ['ImageCreate', '/images/create?fromImage=x&fromImage=', [], 'docker import'],
  ['ImageBuild', '/build?remote=https%3A%2F%2Fx.example%2Fcontext.tar.gz', [], 'at an address'],
  ['ImageBuild', '/build?remote=&remote=http://x.example/x', [], 'at an address'],
  // To dockerd's own reading a repository, to BuildKit's an archive.
  ['ImageBuild', '/build?version=2&remote=https%3A%2F%2Fx.example%2Fcontext.tar%3F.git', [], 'at an address'],
  [
    'ImageBuild',
    '/build?version=2&remote=https%3A%2F%2Fx.example%2Fcontext.tar%23x.git',
    [],
    'at an address',
  ],
  ['ImageBuild', '/build?remote=http%3A%2F%2Fx.example%2Fcontext.tar%3F.git%23a%0Ab', [], 'at an address'],
  [
    'Session',
    '/session',
    session('/moby.filesync.v1.Auth/Credentials', '/moby.upload.v1.Upload/Pull'),
    'from an archive',
  ],
  ['Session', '/session', session('/a/b, /MOBY.upload.v1.Upload/Pull'), 'from an archive'],
  ['Session', '/session', session('/containerd.services.content.v1.Content/Info'), 'from a directory'],
];

const served: readonly [OperationId, string, HeaderField[]][] = [
  ['ImageCreate', '/images/create?fromImage=alpine&tag=3', []],
  ['ImageBuild', '/build?t=x', []],
  ['ImageBuild', '/build?remote=client-session&version=2', []],
  ['ImageBuild', '/build?remote=https://git.example/x.git%23main:dir', []],
  ['ImageBuild', '/build?remote=git@git.example:x', []],
  ['ImageGet', '/images/x/get', []],
  ['Session', '/session', session('/moby.filesync.v1.FileSync/DiffCopy', '/grpc.health.v1.Health/Check')],
];

describe('G05 blockDockerLoad', () => {
  const policy = { blockDockerLoad: true, contact: 'Ada' };
  test.each(refused)('%s %s is refused, and served without the setting', (id, target, fields, text) => {
    const check = (blockDockerLoad: boolean) => () => {
      checkImageArchive({ id, query: queryOf(target), fields }, { ...policy, blockDockerLoad });
    };
    expect(check(true)).toThrow(text);
    expect(check(true)).toThrow(/^docker load is blocked .*Setting: blockDockerLoad\. .*ask Ada\.$/);
    expect(check(false)).not.toThrow();
  });

  test.each(served)('%s %s is served', (id, target, fields) => {
    expect(() => {
      checkImageArchive({ id, query: queryOf(target), fields }, policy);
    }).not.toThrow();
  });
});
