import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { PassThrough, Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import Dockerode from 'dockerode';
import { afterAll, expect, inject, test } from 'vitest';
import { createDocker, probe, unique } from '../../support/docker.ts';
import { startRegistry } from '../../support/registry.ts';
import { tarArchive } from '../../support/tar-archive.ts';

/** The library most programs for Node use. */
const docker = createDocker(inject('dockerHost'));
const client = new Dockerode({ socketPath: docker.socket });
const containers: string[] = [];
const images: string[] = [];
afterAll(async () => {
  await docker.run(['rm', '-f', ...containers]);
  await docker.run(['rmi', '-f', ...images]);
});
const create = async (options: Dockerode.ContainerCreateOptions): Promise<Dockerode.Container> => {
  const name = unique('dockerode');
  containers.push(name);
  return client.createContainer({ Image: probe, name, ...options });
};
const whole = async (stream: NodeJS.ReadableStream): Promise<string> => text(stream);

test('lists, inspects, and says what is missing as the engine does', async () => {
  const container = await create({ Cmd: ['sleep', '600'], Labels: { of: 'dockerode' } });
  const list = await client.listContainers({ all: true, filters: { label: ['of=dockerode'] } });
  expect(list.map(({ Id }) => Id)).toEqual([container.id]);
  expect((await container.inspect()).HostConfig.Runtime).toBe('bulkhead');
  await expect(client.getContainer('none-such').inspect()).rejects.toMatchObject({ statusCode: 404 });
});

test('attach with both directions and two outputs, then wait', async () => {
  const container = await create({
    Cmd: ['sh', '-c', 'read line; echo "out $line"; echo "err $line" >&2; exit 3'],
    OpenStdin: true,
    StdinOnce: true,
    AttachStdin: true,
  });
  const stream = await container.attach({
    stream: true,
    stdin: true,
    stdout: true,
    stderr: true,
    hijack: true,
  });
  const output = text(stream);
  await container.start();
  stream.end('typed\n');
  // Each output is marked with its number and the length of what follows.
  expect(await output).toContain('\u0001\0\0\0\0\0\0\nout typed\n');
  expect(await output).toContain('\u0002\0\0\0\0\0\0\nerr typed\n');
  expect(await container.wait()).toMatchObject({ StatusCode: 3 });
});

test('exec, statistics, processes, logs that are followed, and the files of a container', async () => {
  const container = await create({ Cmd: ['sh', '-c', 'echo begun; exec sleep 600'] });
  await container.start();
  const exec = await container.exec({ Cmd: ['cat'], AttachStdin: true, AttachStdout: true, Tty: true });
  const stream = await exec.start({ hijack: true, stdin: true, Tty: true });
  stream.write('echoed\r\u0004');
  expect(await whole(stream)).toContain('echoed');
  expect(await exec.inspect()).toMatchObject({ ExitCode: 0 });
  expect((await container.stats({ stream: false })).pids_stats?.current).toBeGreaterThan(0);
  const samples: string[] = [];
  for await (const line of createInterface({ input: await container.stats({ stream: true }) })) {
    samples.push(line);
    if (samples.length === 2) break;
  }
  for (const sample of samples) expect(sample).toContain(`"id":"${container.id}"`);
  const processes: unknown = await container.top();
  expect(JSON.stringify(processes)).toContain('sleep 600');

  const logs = await container.logs({ follow: true, stdout: true });
  await once(logs, 'data');
  await container.putArchive(tarArchive([{ name: 'put', content: 'by dockerode', uid: 9 }]), {
    path: '/tmp',
  });
  expect(await whole(await container.getArchive({ path: '/tmp/put' }))).toContain('by dockerode');
  const gone = once(logs, 'end');
  logs.resume();
  await container.remove({ force: true });
  await gone;
});

test('a stream of events', async () => {
  const name = unique('dockerode');
  const events = await client.getEvents({ filters: { type: ['container'], container: [name] } });
  let seen = '';
  events.on('data', (piece) => {
    seen += String(piece);
  });
  await docker.ok(['run', '--rm', '--name', name, probe, 'true']);
  await expect.poll(() => seen, { timeout: 30_000 }).toContain('"Action":"destroy"');
  for (const action of ['create', 'start', 'die']) expect(seen).toContain(`"Action":"${action}"`);
  events.removeAllListeners();
  if (events instanceof Readable) events.destroy();
});

test('builds from an archive and says how it goes', async () => {
  const image = unique('dockerode');
  images.push(image);
  const dockerfile = `FROM ${probe}\nCOPY file /file\nRUN cat /file && chown 5:6 /file\n`;
  const context = tarArchive([
    { name: 'Dockerfile', content: dockerfile },
    { name: 'file', content: 'of the context\n' },
  ]);
  const progress = await client.buildImage(Readable.from([context]), { t: image });
  expect(await whole(progress)).toContain('of the context');
  expect(await docker.ok(['run', '--rm', image, 'stat', '-c', '%u:%g', '/file'])).toBe('5:6');
});

test('pulls an image and shows how it goes, and runs it with an output for each of its streams', async () => {
  await using registry = await startRegistry(docker);
  const image = await registry.push(probe, 'dockerode/probe:1');
  await docker.ok(['rmi', image]);
  images.push(image);
  const progress = await client.pull(image);
  const shown = await new Promise<unknown>((resolve, reject) => {
    client.modem.followProgress(progress, (error, events) =>
      error === null ? resolve(events) : reject(error),
    );
  });
  expect(JSON.stringify(shown)).toContain(`Status: Downloaded newer image for ${image}`);
  const outputs = [new PassThrough(), new PassThrough()];
  const script = 'echo out; echo err >&2; exit 5';
  const ran: unknown = await client.run(image, ['sh', '-c', script], outputs, {
    Tty: false,
    HostConfig: { AutoRemove: true },
  });
  expect(ran).toEqual([{ StatusCode: 5 }, expect.anything()]);
  expect(await Promise.all(outputs.map((output) => text(output.end())))).toEqual(['out\n', 'err\n']);
}, 300_000);
