import { once } from 'node:events';
import { IncomingMessage, request } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { z } from 'zod';

/** Of an image of one platform, as Docker pushes it. */
const manifestSchema = z.looseObject({
  mediaType: z.string(),
  config: z.looseObject({ digest: z.string() }),
  layers: z.array(z.looseObject({ digest: z.string() })),
});

interface Asked {
  readonly method: string;
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Buffer;
}

/** Gives an image of a registry another name there: what is the engine's to push is the business of others. */
export async function copyImage(socketPath: string, from: string, to: string): Promise<void> {
  const ask = async (expected: number, { body, ...options }: Asked): Promise<Buffer> => {
    const asking = request({ socketPath, ...options }).end(body);
    const [answer] = z.tuple([z.instanceof(IncomingMessage)]).parse(await once(asking, 'response'));
    const bytes = await buffer(answer);
    if (answer.statusCode !== expected)
      throw new Error(`${options.method} ${options.path}: ${answer.statusCode} ${bytes.toString()}`);
    return bytes;
  };
  const [source, target] = [placeOf(from), placeOf(to)];
  const accept =
    'application/vnd.docker.distribution.manifest.v2+json, application/vnd.oci.image.manifest.v1+json';
  const body = await ask(200, { method: 'GET', path: source.manifest, headers: { accept } });
  const { mediaType, config, layers } = manifestSchema.parse(JSON.parse(body.toString()));
  for (const { digest } of [config, ...layers]) {
    const mount = `mount=${digest}&from=${source.repository}`;
    await ask(201, { method: 'POST', path: `/v2/${target.repository}/blobs/uploads/?${mount}` });
  }
  await ask(201, { method: 'PUT', path: target.manifest, headers: { 'content-type': mediaType }, body });
}

function placeOf(name: string): { readonly repository: string; readonly manifest: string } {
  const [repository = '', tag = 'latest'] = name.split(':');
  return { repository, manifest: `/v2/${repository}/manifests/${tag}` };
}
