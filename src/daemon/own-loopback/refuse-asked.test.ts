import { once } from 'node:events';
import { connect } from 'node:net';
import { expect, test } from 'vitest';
import { refuseAsked } from './refuse-asked.js';

async function said(words: string): Promise<{ answer: string; told: string[] }> {
  const told: string[] = [];
  const onRefused = (host: string): void => void told.push(host);
  const server = await refuseAsked({ address: '127.0.0.1', contact: 'it@example.com', onRefused });
  const address = server.address();
  const socket = connect({ host: '127.0.0.1', port: typeof address === 'object' ? (address?.port ?? 0) : 0 });
  await once(socket, 'connect');
  socket.end(words, 'latin1');
  let answer = '';
  for await (const chunk of socket.setEncoding('latin1')) answer += String(chunk);
  server.close();
  return { answer, told };
}

test('a request is refused as a registry refuses it, with rule, setting and contact', async () => {
  const { answer, told } = await said('GET /v2/ HTTP/1.1\r\nHost: localhost:5000\r\n\r\n');
  expect(answer).toMatch(/^HTTP\/1\.1 403 Access to localhost:5000 has been restricted/);
  expect(answer).toMatch(
    /"code":"DENIED".*rule registry-access.*Setting: bulkhead\.registryAccess.*it@example\.com/,
  );
  expect(told).toEqual(['localhost:5000']);
});

test('one that says nobody it is for is refused as well', async () => {
  const { answer, told } = await said('GET /file HTTP/1.0\r\n\r\n');
  expect(answer).toMatch(/^HTTP\/1\.1 403 /);
  expect(told).toEqual(['a port of the engine itself']);
});

test('who begins with TLS is told that there is none', async () => {
  const { answer, told } = await said('\u0016\u0003\u0001\u0000\u0005hello');
  expect(answer).toContain('Client sent an HTTPS request to an HTTP server.');
  expect(told).toEqual([]);
});
