import { refusedRequests } from './refused-requests.test-support.js';

/**
 * Request lines, the host they are for, and what they do: an operation in words, with every repository by the name the rules know; undefined where a request is refused
 * because it could be read in several ways, or is none of a registry's.
 */
export type RequestRow = readonly [line: string, host: string, meaning: string | undefined];

const hex = 'ab'.repeat(32);
const sha = `sha256:${hex}`;
const encoded = `sha256%3A${hex}`;
const hub = 'registry-1.docker.io';
const uuid = '1b4e28ba-2fa1-11d2-883f-0016d3cca427';

const understood: readonly RequestRow[] = [
  // What Docker, containerd and BuildKit send.
  ['GET /v2/', hub, 'ping'],
  ['HEAD /v2/', hub, 'ping'],
  ['GET /v2', hub, 'ping'],
  ['GET /v2/library/nginx/manifests/latest', hub, 'manifest pull docker.io/library/nginx:latest'],
  ['HEAD /v2/library/nginx/manifests/latest', hub, 'manifest pull docker.io/library/nginx:latest'],
  ['GET /v2/nginx/manifests/latest', hub, 'manifest pull docker.io/library/nginx:latest'],
  ['GET /v2/library/nginx/manifests/1.27', 'docker.io', 'manifest pull docker.io/library/nginx:1.27'],
  ['GET /v2/library/nginx/manifests/1.27', 'index.docker.io', 'manifest pull docker.io/library/nginx:1.27'],
  [
    'GET /v2/library/nginx/manifests/1.27',
    'registry.hub.docker.com',
    'manifest pull docker.io/library/nginx:1.27',
  ],
  [
    'GET /v2/library/nginx/manifests/1.27',
    'Registry-1.Docker.IO:443',
    'manifest pull docker.io/library/nginx:1.27',
  ],
  [
    'GET /v2/library/nginx/manifests/1.27',
    'registry-1.docker.io.',
    'manifest pull docker.io/library/nginx:1.27',
  ],
  [`GET /v2/library/nginx/manifests/${sha}`, hub, `manifest pull docker.io/library/nginx@${sha}`],
  [`GET /v2/library/nginx/blobs/${sha}`, hub, `blob pull docker.io/library/nginx@${sha}`],
  [`HEAD /v2/library/nginx/blobs/${sha}`, hub, `blob pull docker.io/library/nginx@${sha}`],
  ['GET /v2/acme/tool/manifests/v1', 'ghcr.io', 'manifest pull ghcr.io/acme/tool:v1'],
  ['GET /v2/acme/tool/manifests/v1', 'ghcr.io:443', 'manifest pull ghcr.io/acme/tool:v1'],
  ['GET /v2/acme/tool/manifests/v1', 'ghcr.io:5000', 'manifest pull ghcr.io:5000/acme/tool:v1'],
  ['GET /v2/tool/manifests/v1', 'localhost:5000', 'manifest pull localhost:5000/tool:v1'],
  ['GET /v2/tool/manifests/v1', '[::1]:5000', 'manifest pull [::1]:5000/tool:v1'],
  ['GET /v2/tool/manifests/v1', '10.0.0.5', 'manifest pull 10.0.0.5/tool:v1'],
  ['GET /v2/a/b/c/d/manifests/v1', 'quay.io', 'manifest pull quay.io/a/b/c/d:v1'],
  [
    'GET /v2/library/nginx/manifests/latest?ns=docker.io',
    'mirror.example',
    'manifest pull mirror.example/library/nginx:latest for docker.io',
  ],
  [
    'GET /v2/library/nginx/manifests/latest?ns=index.docker.io',
    'mirror.example',
    'manifest pull mirror.example/library/nginx:latest for docker.io',
  ],
  [
    `GET /v2/x/blobs/${sha}?ns=ghcr.io%3A5000`,
    'mirror.example',
    `blob pull mirror.example/x@${sha} for ghcr.io:5000`,
  ],
  ['PUT /v2/acme/tool/manifests/v1', 'ghcr.io', 'manifest push ghcr.io/acme/tool:v1'],
  [`PUT /v2/acme/tool/manifests/${sha}`, 'ghcr.io', `manifest push ghcr.io/acme/tool@${sha}`],
  [`DELETE /v2/acme/tool/manifests/${sha}`, 'ghcr.io', `manifest push ghcr.io/acme/tool@${sha}`],
  ['DELETE /v2/acme/tool/manifests/v1', 'ghcr.io', 'manifest push ghcr.io/acme/tool:v1'],
  [`DELETE /v2/acme/tool/blobs/${sha}`, 'ghcr.io', `blob push ghcr.io/acme/tool@${sha}`],
  ['POST /v2/acme/tool/blobs/uploads/', 'ghcr.io', 'upload push ghcr.io/acme/tool'],
  [`POST /v2/acme/tool/blobs/uploads/?digest=${encoded}`, 'ghcr.io', 'upload push ghcr.io/acme/tool'],
  [
    `POST /v2/acme/tool/blobs/uploads/?from=acme%2Fbase&mount=${encoded}`,
    'ghcr.io',
    `upload push ghcr.io/acme/tool from ghcr.io/acme/base@${sha}`,
  ],
  [
    `POST /v2/acme/tool/blobs/uploads/?mount=${sha}&from=acme/base`,
    'ghcr.io',
    `upload push ghcr.io/acme/tool from ghcr.io/acme/base@${sha}`,
  ],
  [
    `POST /v2/me/x/blobs/uploads/?mount=${sha}&from=library/nginx`,
    hub,
    `upload push docker.io/me/x from docker.io/library/nginx@${sha}`,
  ],
  [
    `POST /v2/me/x/blobs/uploads/?mount=${sha}&from=nginx`,
    hub,
    `upload push docker.io/me/x from docker.io/library/nginx@${sha}`,
  ],
  [`PATCH /v2/acme/tool/blobs/uploads/${uuid}`, 'ghcr.io', 'upload push ghcr.io/acme/tool'],
  [
    `PATCH /v2/acme/tool/blobs/uploads/${uuid}?_state=AbC-_%3D%3D`,
    'ghcr.io',
    'upload push ghcr.io/acme/tool',
  ],
  [
    `PUT /v2/acme/tool/blobs/uploads/${uuid}?_state=x%3D&digest=${encoded}`,
    'ghcr.io',
    'upload push ghcr.io/acme/tool',
  ],
  [`PUT /v2/acme/tool/blobs/upload/${uuid}?digest=${encoded}`, 'ghcr.io', 'upload push ghcr.io/acme/tool'],
  [`GET /v2/acme/tool/blobs/uploads/${uuid}`, 'ghcr.io', 'upload push ghcr.io/acme/tool'],
  [`DELETE /v2/acme/tool/blobs/uploads/${uuid}`, 'ghcr.io', 'upload push ghcr.io/acme/tool'],
  ['GET /v2/acme/tool/tags/list', 'ghcr.io', 'tags pull ghcr.io/acme/tool'],
  ['GET /v2/acme/tool/tags/list?n=100&last=v1', 'ghcr.io', 'tags pull ghcr.io/acme/tool'],
  ['GET /v2/acme/tool/tags/list?next_page=gAAA%3D', 'quay.io', 'tags pull quay.io/acme/tool'],
  [`GET /v2/acme/tool/referrers/${sha}`, 'ghcr.io', 'referrers pull ghcr.io/acme/tool'],
  [
    `GET /v2/acme/tool/referrers/${sha}?artifactType=application%2Fspdx`,
    'ghcr.io',
    'referrers pull ghcr.io/acme/tool',
  ],
  ['GET /v2/_catalog', 'registry.example', 'catalog'],
  ['GET /v2/_catalog?n=10&last=a', 'registry.example', 'catalog'],
  ['GET http://registry.example/v2/a/manifests/b', 'registry.example', 'manifest pull registry.example/a:b'],
  ['GET HTTPS://Registry.Example/v2/a/manifests/b', 'registry.example', 'manifest pull registry.example/a:b'],
  ['GET /v2/manifests/manifests/manifests', 'ghcr.io', 'manifest pull ghcr.io/manifests:manifests'],
  ['GET /v2/blobs/manifests/x', 'ghcr.io', 'manifest pull ghcr.io/blobs:x'],
  ['GET /v2/a/tags/manifests/list', 'ghcr.io', 'manifest pull ghcr.io/a/tags:list'],
  ['GET /v2/a/uploads/manifests/x', 'ghcr.io', 'manifest pull ghcr.io/a/uploads:x'],
  // Tokens.
  [
    'GET /token?scope=repository%3Alibrary%2Fnginx%3Apull&service=registry.docker.io',
    'auth.docker.io',
    'token docker.io/library/nginx pull',
  ],
  [
    'GET /token?scope=repository:library/nginx:pull&service=registry.docker.io',
    'auth.docker.io',
    'token docker.io/library/nginx pull',
  ],
  [
    'GET /token?account=me&scope=repository:a/b:pull,push&service=x',
    'auth.docker.io',
    'token docker.io/a/b push',
  ],
  [
    'GET /token?scope=repository:a/b:push,pull&scope=repository:c/d:pull&service=x',
    'auth.docker.io',
    'token docker.io/a/b push, docker.io/c/d pull',
  ],
  [
    'GET /token?scope=repository:a/b:pull+repository:c/d:pull&service=x',
    'ghcr.io',
    'token ghcr.io/a/b pull, ghcr.io/c/d pull',
  ],
  [
    'GET /token?scope=repository:a/b:pull%20repository:c/d:*',
    'ghcr.io',
    'token ghcr.io/a/b pull, ghcr.io/c/d push',
  ],
  ['GET /token?scope=repository(plugin):a/b:pull', 'ghcr.io', 'token ghcr.io/a/b pull'],
  ['GET /token?scope=repository:a/b:metadata_read', 'x.azurecr.io', 'token x.azurecr.io/a/b pull'],
  ['GET /token?scope=repository:a/b:delete', 'ghcr.io', 'token ghcr.io/a/b push'],
  ['GET /token?scope=registry:catalog:*', 'ghcr.io', 'token'],
  ['GET /token?service=registry.docker.io', 'auth.docker.io', 'token'],
  ['GET /v2/token?scope=repository:a/b:pull&service=gcr.io', 'gcr.io', 'token gcr.io/a/b pull'],
  ['GET /v2/auth?scope=repository:a/b:pull', 'quay.io', 'token quay.io/a/b pull'],
  ['GET /v2/auth', 'quay.io', 'token'],
  [
    'POST /token grant_type=refresh_token&service=x&scope=repository%3Aa%2Fb%3Apull',
    'auth.docker.io',
    'token docker.io/a/b pull',
  ],
  [
    'POST /oauth2/token grant_type=password&scope=repository:a/b:pull+repository:c/d:push,pull',
    'x.azurecr.io',
    'token x.azurecr.io/a/b pull, x.azurecr.io/c/d push',
  ],
  // Nothing of a registry's.
  ['GET /', 'example.org', 'other pull'],
  ['GET /file.tar.gz', 'example.org', 'other pull'],
  ['GET /v1/search?q=nginx', 'index.docker.io', 'other pull'],
  ['GET /a%20b', 'example.org', 'other pull'],
  ['GET /a%2Fb', 'example.org', 'other pull'],
  [
    'GET /a//docker/registry/v2/blobs/sha256/ab?se=2026&sig=a%2Bb%3D',
    'x.blob.core.windows.net',
    'other pull',
  ],
  ['GET /docker/registry/v2/blobs/sha256/ab/data?X-Amz-Signature=ab', 'x.s3.amazonaws.com', 'other pull'],
  ['GET /v2x/a', 'example.org', 'other pull'],
  ['GET /v20/', 'example.org', 'other pull'],
  ['GET /v2.tar', 'example.org', 'other pull'],
  ['GET /x.git/info/refs?service=git-upload-pack', 'example.org', 'other pull'],
  ['GET /x.git/info/refs?service=git-receive-pack', 'example.org', 'other push'],
  ['GET /x.git/info/refs', 'example.org', 'other push'],
  ['POST /x.git/git-upload-pack', 'example.org', 'other pull'],
  ['POST /x.git/git-receive-pack', 'example.org', 'other push'],
  ['PUT /upload?signature=x', 'storage.example', 'other push'],
  ['POST /', 'example.org', 'other push'],
  ['DELETE /x', 'example.org', 'other push'],
];

export const requests: readonly RequestRow[] = [
  ...understood,
  ...refusedRequests.map(([line, host]) => [line, host, undefined] as const),
];
