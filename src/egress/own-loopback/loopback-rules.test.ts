import { describe, expect, test } from 'vitest';
import { imageAccessSchema } from '../../policy/image-access-schema.js';
import { registryAccessSchema } from '../../policy/registry-access-schema.js';
import { loopbackRules, type LoopbackRules } from './loopback-rules.js';

const text = ({ places }: LoopbackRules): string[] =>
  places.map(({ address, port, way }) => `${address} ${port} ${way}`);
const registries = (...rules: readonly object[]) => registryAccessSchema.parse({ rules });
const of = (...rules: readonly object[]): string[] =>
  text(loopbackRules({ registryAccess: registries(...rules) }));

describe('by the rules of registries', () => {
  test('nothing of the loopback is open where no rule names it', () => {
    expect(of()).toEqual([]);
    expect(of({ host: 'docker.io' }, { host: 'registry.example', port: '*' }, { host: '10.0.0.5' })).toEqual(
      [],
    );
    // A name that is like it, and is somebody else's.
    expect(of({ host: 'localhost.example' }, { host: 'alocalhost' })).toEqual([]);
  });

  test('its name opens it for both families, an address itself alone', () => {
    expect(of({ host: 'localhost', port: 5000 })).toEqual(['127.0.0.1 5000 open', '::1 5000 open']);
    expect(of({ host: '*.localhost', port: 80 })).toEqual(['127.0.0.1 80 open', '::1 80 open']);
    expect(of({ host: '127.0.0.2', port: 5000 })).toEqual(['127.0.0.2 5000 open']);
    expect(of({ host: '[::1]' })).toEqual(['::1 443 open']);
  });

  test('where a registry sends its clients is open as well', () => {
    const alsoHosts = [{ host: '127.0.0.1', port: 9000 }];
    expect(of({ host: 'registry.example', alsoHosts })).toEqual(['127.0.0.1 9000 open']);
  });

  test('what a rule closes is closed, though another opens every port', () => {
    const closed = { host: '127.0.0.1', port: 5000, pull: false };
    expect(of(closed)).toEqual(['127.0.0.1 5000 closed']);
    expect(of({ host: '127.0.0.1', port: '*' }, closed)).toEqual([
      '127.0.0.1 5000 closed',
      '127.0.0.1 * open',
    ]);
    // One of its names is enough, as it is to whoever pulls by that.
    expect(of({ host: 'localhost', port: '*' }, closed)).toEqual([
      '127.0.0.1 5000 open',
      '127.0.0.1 * open',
      '::1 * open',
    ]);
  });

  test('every other place is closed', () => {
    expect(loopbackRules({ registryAccess: registries() }).otherwise).toBe('closed');
    expect(loopbackRules({}).otherwise).toBe('open');
  });
});

describe('by the rules of images', () => {
  const allow = (repository: string, more: object = {}): object => ({ repository, action: 'allow', ...more });
  const deny = (repository: string): object => ({ repository, action: 'deny' });
  const images = (rules: readonly object[], more: object = {}) => imageAccessSchema.parse({ ...more, rules });
  const ofImages = (...rules: readonly object[]): string[] =>
    text(loopbackRules({ imageAccess: images(rules) }));

  test('every request is read where nothing of it is said', () => {
    const imageAccess = images([allow('ghcr.io/**')]);
    expect(loopbackRules({ imageAccess })).toEqual({ places: [], otherwise: 'read' });
    const loose = images([deny('ghcr.io/x')], { default: 'allow' });
    expect(loopbackRules({ imageAccess: loose })).toEqual({ places: [], otherwise: 'read' });
  });

  test('none is where nothing at all is refused', () => {
    const hub = { official: true, community: true };
    const imageAccess = images([], { default: 'allow', hub });
    expect(loopbackRules({ imageAccess })).toEqual({ places: [], otherwise: 'open' });
  });

  test('a place is open where every image of it is admitted, by one of its names, and nothing refused by another', () => {
    expect(ofImages(allow('localhost:5000/**'))).toEqual(['127.0.0.1 5000 open', '::1 5000 open']);
    expect(ofImages(allow('[::1]:5000/**'))).toEqual(['::1 5000 open']);
    expect(ofImages(allow('*.localhost:5000/**'), deny('127.0.0.1:5000/x'))).toEqual([
      '127.0.0.1 5000 read',
      '::1 5000 open',
    ]);
    expect(ofImages(allow('localhost/**')).filter((each) => each.startsWith('127.'))).toEqual([
      '127.0.0.1 80 open',
      '127.0.0.1 443 open',
    ]);
    for (const rule of [allow('localhost:5000/team/**'), allow('localhost:5000/**', { tags: ['v*'] })])
      expect(ofImages(rule)).toEqual(['127.0.0.1 5000 read', '::1 5000 read']);
  });

  test('a mirror is read: nobody pushes there', () => {
    const mirrors = [{ source: 'docker.io', mirror: 'localhost:5000/hub' }];
    const imageAccess = images([allow('localhost:5000/**')], { mirrors });
    expect(text(loopbackRules({ imageAccess }))).toEqual(['127.0.0.1 5000 read', '::1 5000 read']);
  });

  test('both kinds have to leave a place open', () => {
    const registryAccess = registries({ host: 'localhost', port: '*' }, { host: '127.0.0.1', port: 6000 });
    const imageAccess = images([allow('localhost:5000/**'), allow('127.0.0.2:5000/**')]);
    expect(loopbackRules({ registryAccess, imageAccess })).toEqual({
      places: [
        { address: '127.0.0.1', port: 6000, way: 'read' },
        { address: '127.0.0.1', port: 5000, way: 'open' },
        { address: '127.0.0.1', port: '*', way: 'read' },
        { address: '::1', port: 5000, way: 'open' },
        { address: '::1', port: '*', way: 'read' },
        { address: '127.0.0.2', port: 5000, way: 'closed' },
      ],
      otherwise: 'closed',
    });
  });
});
