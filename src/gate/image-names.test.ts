import { expect, test } from 'vitest';
import { askedImages } from './image-names.js';
import { operationOf } from './operations.js';

const digest = `sha256:${'ab'.repeat(32)}`;

function asked(request: string): string[] {
  const [method = '', target = ''] = request.split(' ');
  const [path = '', query] = target.split('?');
  return askedImages(operationOf(method, decodeURIComponent(path)), query).map(
    ({ operation, name, whole }) => `${operation} ${name}${whole ? ' (all)' : ''}`,
  );
}

test.each([
  ['POST /images/create?fromImage=nginx&tag=1.27', ['pull nginx:1.27']],
  ['POST /images/create?fromImage=ghcr.io%2Facme%2Ftool&tag=latest', ['pull ghcr.io/acme/tool:latest']],
  ['POST /images/create?fromImage=localhost:5000/a', ['pull localhost:5000/a (all)']],
  ['POST /images/create?fromImage=localhost:5000/a&tag=1', ['pull localhost:5000/a:1']],
  ['POST /images/create?fromImage=nginx', ['pull nginx (all)']],
  ['POST /images/create?fromImage=nginx:', ['pull nginx (all)']],
  ['POST /images/create?fromImage=nginx:1.27', ['pull nginx:1.27']],
  ['POST /images/create?fromImage=nginx:1.27&tag=1.28', ['pull nginx:1.28']],
  [`POST /images/create?fromImage=nginx&tag=${digest}`, [`pull nginx@${digest}`]],
  [`POST /images/create?fromImage=nginx:1&tag=${digest}`, [`pull nginx@${digest}`]],
  [`POST /images/create?fromImage=nginx@${digest}`, [`pull nginx@${digest}`]],
  [`POST /images/create?fromImage=nginx@${digest}&tag=1`, [`pull nginx:1@${digest}`]],
  [`POST /images/create?fromImage=nginx:2@${digest}&tag=1`, [`pull nginx:1@${digest}`]],
  [
    'POST /images/create?fromImage=a&fromImage=b&tag=1&tag=2',
    ['pull a:1', 'pull a:2', 'pull b:1', 'pull b:2'],
  ],
  ['POST /images/create?fromImage=&fromSrc=-', []],
  ['POST /images/create?fromSrc=-&repo=nginx', []],
  ['POST /images/ghcr.io/acme/tool/push?tag=1', ['push ghcr.io/acme/tool:1']],
  ['POST /images/ghcr.io/acme/tool/push', ['push ghcr.io/acme/tool (all)']],
  ['POST /images/ghcr.io%2Facme%2Ftool/push?tag=', ['push ghcr.io/acme/tool (all)']],
  ['GET /distribution/nginx:1/json', ['pull nginx:1']],
  ['GET /plugins/privileges?remote=ghcr.io/acme/plugin:1', ['pull ghcr.io/acme/plugin:1']],
  ['GET /images/nginx/json', []],
  ['POST /images/nginx/tag?repo=ghcr.io/a', []],
])('%s', (request, expected) => {
  expect(asked(request)).toEqual(expected);
});
