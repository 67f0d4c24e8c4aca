import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseAuthority } from '../../common/authority.js';
import { imageText, repositoryName } from '../names/canonical-image.js';
import { registryOfTokens } from '../registry-access/hub.js';
import type { RegistryOperation } from './operation.js';
import { hasForm, readRequest } from './read-request.js';
import { requests } from './requests.test-support.js';

function meaningOf(line: string, host: string): string | undefined {
  const [method = '', target = '', form] = line.split(' ');
  const read = readRequest({ method, target, host, ...(form === undefined ? {} : { form }) });
  return read.kind === 'unreadable' ? undefined : wordsOf(read.operation, host);
}

function wordsOf(operation: RegistryOperation, host: string): string {
  const authority = parseAuthority(host);
  if (authority === undefined) throw new Error(host);
  const { kind } = operation;
  if (kind === 'ping' || kind === 'catalog') return kind;
  if (kind === 'other') return `${kind} ${operation.access}`;
  if (kind === 'token') {
    const server = { ...authority, host: { ...authority.host, text: registryOfTokens(authority.host.text) } };
    const scopes = operation.scopes.map(({ path, access }) => `${repositoryName(server, path)} ${access}`);
    return scopes.length === 0 ? kind : `${kind} ${scopes.join(', ')}`;
  }
  const repository = repositoryName(authority, operation.path);
  const version =
    kind === 'manifest' ? operation.reference : kind === 'blob' ? { digest: operation.digest } : {};
  const from =
    kind === 'upload' && operation.from !== undefined
      ? ` from ${imageText({ ...operation.from, repository: repositoryName(authority, operation.from.path) })}`
      : '';
  const mirrored = operation.mirrored === undefined ? '' : ` for ${operation.mirrored}`;
  return `${kind} ${operation.access} ${imageText({ repository, ...version })}${from}${mirrored}`;
}

describe('a request to a registry', () => {
  test.each(requests.map((row) => [row[0].slice(0, 200), row] as const))(
    '%s',
    (_name, [line, host, meaning]) => {
      expect(meaningOf(line, host)).toBe(meaning);
    },
  );

  test('stands in the table once', () => {
    expect(new Set(requests.map(([line, host]) => `${line} ${host}`)).size).toBe(requests.length);
  });

  test('that is none says why', () => {
    const read = readRequest({ method: 'GET', target: '/v2/a/manifests/B c', host: 'ghcr.io' });
    expect(read).toEqual({ kind: 'unreadable', reason: 'its path is not one of RFC 3986' });
  });

  test('is never taken for a file where any server could take it for one of a registry', () => {
    const piece = fc.constantFrom(
      'v2',
      'V2',
      '/',
      '//',
      '%2f',
      '%5c',
      '%76',
      '%32',
      '%25',
      '.',
      '..',
      ';x',
      '%00',
      'a',
      ' ',
      '?',
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 8 }), (pieces) => {
        const target = `/${pieces.join('')}`;
        const read = readRequest({ method: 'GET', target, host: 'ghcr.io' });
        if (read.kind === 'unreadable' || read.operation.kind !== 'other') return;
        expect(new URL(target.replace(/^\/+/, '/'), 'http://ghcr.io').pathname.toLowerCase()).not.toMatch(
          /^\/+v2(\/|$)/,
        );
        expect(decodeURIComponent(target).toLowerCase().split('?')[0]).not.toMatch(/^\/+v2[/\\]/);
      }),
      { numRuns: 5000 },
    );
  });

  test('names one repository, as a registry that reads it by a pattern finds it', () => {
    const word = fc.constantFrom(
      'a',
      'b-c',
      'manifests',
      'blobs',
      'uploads',
      'tags',
      'list',
      'referrers',
      'latest',
    );
    fc.assert(
      fc.property(fc.array(word, { minLength: 2, maxLength: 7 }), (words) => {
        const target = `/v2/${words.join('/')}`;
        const read = readRequest({ method: 'GET', target, host: 'ghcr.io' });
        if (read.kind === 'unreadable' || read.operation.kind !== 'manifest') return;
        // Names as short and as long as they can be.
        const [shortest, longest] = [/^\/v2\/(.+?)\/manifests\//, /^\/v2\/(.+)\/manifests\//].map(
          (pattern) => pattern.exec(target)?.[1],
        );
        expect([shortest, longest]).toEqual([read.operation.path, read.operation.path]);
      }),
      { numRuns: 5000 },
    );
  });
});

test('which bodies have to be read', () => {
  expect(hasForm('POST', 'application/x-www-form-urlencoded')).toBe(true);
  expect(hasForm('POST', 'Application/X-WWW-Form-Urlencoded; charset=utf-8')).toBe(true);
  expect(hasForm('POST', 'application/json')).toBe(false);
  expect(hasForm('POST', undefined)).toBe(false);
  expect(hasForm('GET', 'application/x-www-form-urlencoded')).toBe(false);
});
