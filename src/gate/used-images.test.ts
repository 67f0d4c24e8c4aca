import { expect, test } from 'vitest';
import { RequestBody } from './request-body.js';
import { usedImages } from './used-images.js';

const used = (body: object): readonly string[] => usedImages(new RequestBody(JSON.stringify(body)).folded);

test('the image of a container and those it mounts', () => {
  expect(used({ Image: 'a' })).toEqual(['a']);
  expect(used({ HostConfig: { Mounts: null } })).toEqual([]);
  const mounts = [
    { Type: 'image', Source: 'b', Target: '/b' },
    { type: 'IMAGE', source: 'c' },
    { Type: 'volume', Source: 'd' },
    { Type: 'image', Source: 'a' },
  ];
  expect(used({ image: 'a', hostconfig: { MOUNTS: mounts } })).toEqual(['a', 'b', 'c']);
  expect(() => used({ Image: 7 })).toThrow('field image is of the wrong type');
  expect(() => used({ HostConfig: { Mounts: ['x'] } })).toThrow('mounts');
});
