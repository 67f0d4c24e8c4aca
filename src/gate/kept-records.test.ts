import { expect, test } from 'vitest';
import { foreignMount } from './kept-records.js';

const shared = { directories: ['/home/ada'], throughLink: () => false };
const id = 'a'.repeat(64);

function inContainer(record: object | string): string | undefined {
  const text = typeof record === 'string' ? record : JSON.stringify(record);
  return foreignMount({ kind: 'container', name: id, text }, shared)?.source;
}

function inVolume(text: string): string | undefined {
  return foreignMount({ kind: 'volume', name: 'v', text }, shared)?.source;
}

const mounted = (mount: object): object => ({ ID: id, MountPoints: { '/x': mount } });

test.each([
  ['no mount', { ID: id, MountPoints: null }],
  ['a volume', mounted({ Type: 'volume', Name: 'v', Driver: 'local', Source: '' })],
  ['where a volume is', mounted({ Type: 'volume', Source: '/var/lib/docker/volumes/v/_data' })],
  ['a shared directory', mounted({ Type: 'bind', Source: '/home/ada/src' })],
  ['one that was shared once', mounted({ Type: 'bind', Source: '/home/ben' })],
  ['the stand-in of the Docker socket', mounted({ Type: 'bind', Source: '/var/run/docker.sock' })],
  ['an image', mounted({ Type: 'image', Source: '/var/lib/docker/overlay2/x/merged' })],
  ['paths that differ in case', { ...mounted({ Source: '' }), Config: { Labels: { a: '', A: '' } } }],
  ['its own files', { HostsPath: `/var/lib/docker/containers/${id}/hosts`, ResolvConfPath: '' }],
])('a record with %s is like those the engine writes', (_name, record) => {
  expect(inContainer(record)).toBeUndefined();
});

test.each([
  ['/run/docker', mounted({ Type: 'bind', Source: '/run/docker' })],
  ['/run/docker', mounted({ Type: 'volume', Source: '/run/docker' })],
  ['/run/docker', mounted({ type: 'tmpfs', SOURCE: '/run/docker' })],
  ['/run/docker', mounted({ type: 'image', source: '/run/docker' })],
  ['/home/../proc', mounted({ Type: 'bind', Source: '/home/../proc' })],
  ['//run', mounted({ Type: 'bind', Source: '//run' })],
  ['run', mounted({ Type: 'bind', Source: 'run' })],
  ['/var/lib/docker/containers', mounted({ Type: 'bind', Source: '/var/lib/docker/containers' })],
  ['/var/lib/docker/volumes/v/_data/../..', mounted({ Source: '/var/lib/docker/volumes/v/_data/../..' })],
  ['the volume driver evil', mounted({ Type: 'volume', Name: 'v', Driver: 'evil' })],
  ['/run/docker/x', { resolvConfPath: '/run/docker/x' }],
  [
    `/var/lib/docker/containers/${id}/config.v2.json`,
    { HostsPath: `/var/lib/docker/containers/${id}/config.v2.json` },
  ],
  // As Go reads them: the maps are merged, and the second name is the same field.
  ['what cannot be read', '{"MountPoints":{"/x":{"Source":"/run"}},"MountPoints":{}}'],
  ['what cannot be read', '{"MountPoints":{"/x":{"Source":"/run"}},"mountpoint\u017f":{}}'],
  ['what cannot be read', '{"MountPoints":{"/x":{"Source":"/run","source":""}}}'],
  ['what cannot be read', '{"MountPoints":['],
  ['what cannot be read', mounted({ Source: 7 })],
])('%s is told of a record that leads there', (source, record) => {
  expect(inContainer(record)).toBe(source);
});

test.each([
  ['{"MountType":"","MountOpts":"","MountDevice":"","Quota":{"Size":0}}', undefined],
  ['{"MountType":"none","MountOpts":"bind","MountDevice":"/home/ada"}', undefined],
  ['{"MountType":"none","MountOpts":"bind","MountDevice":"/home/ben"}', undefined],
  ['{"MountType":"none","MountOpts":"bind","MountDevice":"/run/docker"}', '/run/docker (type none, o bind)'],
  ['{"mountdevice":"proc","mounttype":"proc"}', 'proc (type proc, o )'],
  ['{"MountType":"ext4","MountOpts":"","MountDevice":"/home/ben"}', '/home/ben (type ext4, o )'],
  ['{"MountType":"","MountType":"proc"}', 'what cannot be read'],
])('options of a volume: %s', (text, source) => {
  expect(inVolume(text)).toBe(source);
});
