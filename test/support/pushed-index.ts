import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { IncomingMessage, request } from 'node:http';
import { z } from 'zod';
import { tarArchive } from './tar-archive.ts';

/** Where a registry takes what is pushed, without TLS. */
export interface PushedTo {
  readonly address: string;
  readonly host: string;
}

const digestOf = (bytes: string | Buffer): string =>
  `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
const types = {
  index: 'application/vnd.oci.image.index.v1+json',
  manifest: 'application/vnd.oci.image.manifest.v1+json',
  config: 'application/vnd.oci.image.config.v1+json',
  layer: 'application/vnd.oci.image.layer.v1.tar',
} as const;

/** Pushes an index with one image, as no engine here would write it, and says the digests of both: the same in every repository. */
export async function pushIndex(
  registry: PushedTo,
  repository: string,
): Promise<{ readonly index: string; readonly part: string }> {
  const layer = tarArchive([{ name: 'part', content: 'part\n' }]);
  const platform = { architecture: 'amd64', os: 'linux' };
  const rootfs = { type: 'layers', diff_ids: [digestOf(layer)] };
  const config = Buffer.from(JSON.stringify({ ...platform, config: {}, rootfs }));
  for (const blob of [layer, config]) await pushBlob(registry, repository, blob);
  const described = (mediaType: string, bytes: Buffer): object => ({
    mediaType,
    digest: digestOf(bytes),
    size: bytes.length,
  });
  const manifest = Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: types.manifest,
      config: described(types.config, config),
      layers: [described(types.layer, layer)],
    }),
  );
  const manifests = [{ ...described(types.manifest, manifest), platform }];
  const index = Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType: types.index, manifests }));
  for (const [type, bytes] of [
    [types.manifest, manifest],
    [types.index, index],
  ] as const)
    await ask(registry, 201, {
      method: 'PUT',
      path: `/v2/${repository}/manifests/${digestOf(bytes)}`,
      type,
      body: bytes,
    });
  return { index: digestOf(index), part: digestOf(manifest) };
}

async function pushBlob(registry: PushedTo, repository: string, body: Buffer): Promise<void> {
  const begun = await ask(registry, 202, { method: 'POST', path: `/v2/${repository}/blobs/uploads/` });
  const place = new URL(begun.headers.location ?? '', `http://${registry.host}`);
  place.searchParams.set('digest', digestOf(body));
  const path = `${place.pathname}${place.search}`;
  await ask(registry, 201, { method: 'PUT', path, type: 'application/octet-stream', body });
}

async function ask(
  { address, host }: PushedTo,
  expected: number,
  { type, body, ...asked }: { method: string; path: string; type?: string; body?: Buffer },
): Promise<IncomingMessage> {
  const headers = {
    host,
    'content-length': body?.length ?? 0,
    ...(type === undefined ? {} : { 'content-type': type }),
  };
  const asking = request({ host: address, ...asked, headers }).end(body);
  const [answer] = z.tuple([z.instanceof(IncomingMessage)]).parse(await once(asking, 'response'));
  answer.resume();
  if (answer.statusCode !== expected) throw new Error(`${asked.method} ${asked.path}: ${answer.statusCode}`);
  return answer;
}
