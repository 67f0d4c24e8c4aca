import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createDocker, type Docker, probe } from '../support/docker.ts';
import { type ApiAnswer, callEngine } from '../support/engine-api.ts';
import { eventually } from '../support/eventually.ts';
import { type OwnEngine, startOwnEngine } from '../support/own-engine.ts';

/** What a request leaves on dockerd's disk is read at each start: where it can't be, the engine is gone for good. */
describe('an engine that was killed comes up again', () => {
  let engine: OwnEngine;
  let docker: Docker;
  beforeAll(async () => {
    engine = await startOwnEngine('restart');
    docker = createDocker(engine.dockerHost);
  });
  afterAll(async () => {
    await engine[Symbol.asyncDispose]();
  });
  const post = async (path: string, body?: object): Promise<ApiAnswer> =>
    callEngine(engine.socket, {
      method: 'POST',
      path: `/v1.51${path}`,
      ...(body === undefined ? {} : { body }),
    });
  const restarted = async (): Promise<void> => {
    await engine.internals.replace('dockerd');
    await eventually(async () => {
      expect((await docker.run(['info', '--format', '{{.ContainersRunning}}'])).status).toBe(0);
    }, 40_000);
  };

  test('after options of an endpoint that are its own', async () => {
    const endpoint = { DriverOpts: { 'com.docker.network.portmap': 'x' } };
    await docker.ok(['network', 'create', 'own']);
    const container = { Image: probe, Cmd: ['sleep', '600'], HostConfig: { NetworkMode: 'own' } };
    const named = async (name: string, network: object): Promise<ApiAnswer> => {
      const created = await post(`/containers/create?name=${name}`, { ...container, ...network });
      await post(`/containers/${name}/start`);
      return created;
    };
    const refused = [
      await named('made-with', { NetworkingConfig: { EndpointsConfig: { own: endpoint } } }),
      await named('connected', {}).then(async () =>
        post('/networks/bridge/connect', { Container: 'connected', EndpointConfig: endpoint }),
      ),
    ];
    await restarted();
    expect(await docker.ok(['inspect', '-f', '{{.State.Running}}', 'connected'])).toBe('true');
    const refusal = [403, expect.stringContaining('rule network-endpoints')];
    expect(refused.map(({ status, text }) => [status, text])).toEqual([refusal, refusal]);
  });

  test('after containers whose networks lead back to themselves, with a link to each', async () => {
    const made = async (name: string, hostConfig: object = {}): Promise<string> => {
      const body = { Image: probe, Cmd: ['true'], HostConfig: hostConfig };
      const { text } = await post(`/containers/create?name=${name}`, body);
      return /"Id":"([0-9a-f]{64})"/.exec(text)?.[1] ?? '';
    };
    // By a name that is nobody's yet, and by an id that is nobody's any more.
    const early = await made('early', { NetworkMode: 'container:target' });
    const target = await made('target');
    const late = await made('late', { NetworkMode: 'container:target' });
    for (const id of [early, late]) await made(`linked-${id}`, { Links: [`${id}:other`] });
    await docker.run(['rm', 'target']);
    const renamed = [
      await post(`/containers/early/rename?name=target`),
      await post(`/containers/late/rename?name=${target}`),
    ];
    await restarted();
    expect([early, late]).toEqual(['', expect.stringMatching(/^[0-9a-f]{64}$/)]);
    expect(renamed.map(({ status }) => status)).toEqual([404, 403]);
    expect(await docker.ok(['inspect', '-f', '{{.HostConfig.NetworkMode}}', 'late'])).toBe(
      `container:${target}`,
    );
  });
});
