import { expect, test } from 'vitest';
import { subjectOf } from './subject.js';

test.each([
  ['/containers/web/json', undefined, { container: 'web' }],
  ['/containers/web', undefined, { container: 'web' }],
  ['/containers/json', 'all=1', {}],
  ['/containers/create', 'name=web&platform=linux', { container: 'web' }],
  ['/containers/create', undefined, {}],
  ['/images/json', undefined, {}],
  ['/images/registry:5000/a/b:1/push', 'tag=2', { image: 'registry:5000/a/b:1' }],
  ['/images/a/b', undefined, { image: 'a/b' }],
  ['/images/create', 'fromImage=alpine&tag=3.22', { image: 'alpine:3.22' }],
  ['/images/create', 'fromImage=alpine&tag=sha256:ab', { image: 'alpine@sha256:ab' }],
  ['/images/create', 'fromSrc=https%3A%2F%2Fme%3Asecret%40host%2Fx&repo=made', { image: 'made' }],
  ['/build', 'remote=https%3A%2F%2Fme%3Asecret%40host&buildargs=secret&t=app', { image: 'app' }],
  ['/commit', 'repo=app&tag=1&container=web', { image: 'app:1' }],
  ['/distribution/alpine/json', undefined, { image: 'alpine' }],
  ['/events', undefined, {}],
])('%s?%s is about %j', (path, query, subject) => {
  expect(subjectOf(path, query)).toEqual(subject);
});
