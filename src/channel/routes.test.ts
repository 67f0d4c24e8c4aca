import fc from 'fast-check';
import { expect, test } from 'vitest';
import { logTarget, parseRoute } from './routes.js';

test.each([
  ['POST', '/engine', { name: 'engine' }],
  ['GET', '/status', { name: 'status' }],
  ['POST', '/power-off', { name: 'power-off' }],
  ['POST', '/trim', { name: 'trim' }],
  ['GET', '/trim', { status: 405 }],
  ['POST', '/shares', { name: 'shares' }],
  ['GET', '/shares', { status: 405 }],
  ['POST', '/shares?path=/', { status: 400 }],
  ['POST', '/ports', { name: 'ports' }],
  ['GET', '/ports', { status: 405 }],
  ['POST', '/ports?address=0.0.0.0', { status: 400 }],
  ['POST', '/ssh-agent', { name: 'ssh-agent' }],
  ['GET', '/ssh-agent', { status: 405 }],
  ['POST', '/ssh-agent?path=/run/docker.sock', { status: 400 }],
  ['POST', '/egress', { name: 'egress' }],
  ['GET', '/egress', { status: 405 }],
  ['POST', '/egress?address=172.17.0.2', { status: 400 }],
  ['POST', '/egress-relay', { name: 'egress-relay' }],
  ['GET', '/egress-relay', { status: 405 }],
  ['POST', '/egress-relay?id=1', { status: 400 }],
  ['POST', '/explain', { name: 'explain' }],
  ['POST', '/sign-in', { name: 'sign-in' }],
  ['POST', '/sign-out', { name: 'sign-out' }],
  ['GET', '/sign-in', { status: 405 }],
  ['POST', '/sign-out?all=1', { status: 400 }],
  ['GET', '/explain', { status: 405 }],
  ['POST', '/explain?x', { status: 400 }],
  ['GET', '/logs', { name: 'logs', query: {} }],
  ['GET', '/logs?service=dockerd&follow=1', { name: 'logs', query: { service: 'dockerd', follow: true } }],
  ['GET', '/audit', { name: 'audit', query: {} }],
  [
    'GET',
    '/audit?since=2026-11-21T10%3A00%3A00.000Z&follow=1',
    { name: 'audit', query: { follow: true, since: '2026-11-21T10:00:00.000Z' } },
  ],
  ['GET', '/audit?since=yesterday', { status: 400 }],
  ['GET', '/audit?follow=0', { status: 400 }],
  ['GET', '/audit?service=dockerd', { status: 400 }],
  ['POST', '/audit', { status: 405 }],
  ['GET', '/engine', { status: 405 }],
  ['POST', '/status', { status: 405 }],
  ['GET', '/power-off', { status: 405 }],
  ['', '', { status: 404 }],
  ['GET', '/', { status: 404 }],
  ['POST', '/engine/', { status: 404 }],
  ['POST', '//engine', { status: 404 }],
  ['GET', '/%73tatus', { status: 404 }],
  ['GET', '/status?', { status: 400 }],
  ['POST', '/engine?x=1', { status: 400 }],
  ['GET', '/logs?service=', { status: 400 }],
  ['GET', '/logs?service=../etc', { status: 400 }],
  ['GET', '/logs?service=a&service=b', { status: 400 }],
  ['GET', '/logs?follow=true', { status: 400 }],
  ['GET', '/logs?tail=1', { status: 400 }],
])('%s %s', (method, target, expected) => {
  expect(parseRoute(method, target)).toEqual(expected);
});

test('every query has a target that parses back to it', () => {
  const query = fc.record(
    { service: fc.stringMatching(/^[a-z][a-z0-9-]{0,63}$/), follow: fc.constant(true) },
    { requiredKeys: [] },
  );
  fc.assert(
    fc.property(query, (query) => {
      expect(parseRoute('GET', logTarget(query))).toEqual({ name: 'logs', query });
    }),
  );
});
