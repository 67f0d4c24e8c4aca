import { beforeAll, describe, expect, inject, test } from 'vitest';
import { operationTable } from '../../src/gate/operation-table.ts';
import { socketOf } from '../support/docker.ts';
import { engineInternals } from '../support/engine-internals.ts';
import { talk } from '../support/raw-http.ts';

/** A path of a row, with a name that stands for nothing: not for an image either, so that no registry is asked, nor for a search. */
const exampleOf = (path: string): string => `${path.replaceAll(/\{[^}]*\}/g, 'NO-SUCH-THING')}?limit=-1`;

const gate = (): string => socketOf(inject('dockerHost'));
const request = (method: string, path: string): string =>
  `${method} ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`;

/** Harmless to ask dockerd itself without a body: reading, what needs a thing that is not there, and what a body would have to say. */
const harmful = new Set([
  'BuildPrune',
  'ContainerPrune',
  'ImagePrune',
  'NetworkPrune',
  'VolumePrune',
  'BuildCancel',
]);
/** Lasts as long as its client. */
const lasting = new Set(['SystemEvents', 'DebugProfile', 'DebugTrace']);

describe('the endpoints of the table', () => {
  let dockerd: string;
  beforeAll(async () => {
    dockerd = (await engineInternals(inject('enginePid'))).rawSocket;
  });

  test('are ones dockerd has, with and without a version', async () => {
    const missing: string[] = [];
    for (const [id, method, path] of operationTable) {
      if (harmful.has(id)) continue;
      for (const version of ['', '/v1.51']) {
        const target = `${version}${exampleOf(path)}`;
        const answer = await talk(
          dockerd,
          [request(method, target)],
          lasting.has(id) ? /\r\n\r\n/ : undefined,
        );
        if (!/^HTTP\/1\.1 \d{3} /.test(answer) || answer.includes('page not found'))
          missing.push(`${method} ${target}: ${answer}`);
      }
    }
    expect(missing).toEqual([]);
  });

  test('have neighbours that are neither in the table nor of dockerd', async () => {
    for (const [method, path] of neighbours) {
      const answer = await talk(dockerd, [request(method, path)]);
      const notFound = method === 'HEAD' ? / 404 / : / 404 [^]*page not found/;
      expect([method, path, answer]).toEqual([method, path, expect.stringMatching(notFound)]);
      const refused = await talk(gate(), [request(method, path)]);
      expect([method, path, refused]).toEqual([method, path, expect.stringMatching(/^HTTP\/1\.1 404 /)]);
      const said = method === 'HEAD' ? /\r\n\r\n$/ : /page not found.*BH_GATE_UNKNOWN_ENDPOINT/;
      expect(refused).toMatch(said);
    }
  });
});

const neighbours = [
  ['GET', '/'],
  ['GET', '/v1.51/'],
  ['GET', '/v1.99/no-such-endpoint'],
  ['GET', '/libpod/info'],
  ['GET', '/v1.51/containers'],
  ['GET', '/Containers/json'],
  ['HEAD', '/v1.51/containers/json'],
  ['HEAD', '/info'],
  ['POST', '/_ping'],
  ['PUT', '/containers/create'],
  ['GET', '/containers/a'],
  ['GET', '/containers/json/'],
  ['POST', '/containers/a/attached'],
  ['GET', '/grpc'],
  ['GET', '/session'],
  ['GET', '/tasks/a/b'],
  ['DELETE', '/swarm'],
  ['POST', '/images/a/b'],
] as const;
