import { expect, test } from 'vitest';
import { createBuilderNetwork } from './builder-network.js';
import type { EngineAnswer } from '../engine/engine-client.js';

const clock = { now: () => 0, sleep: () => Promise.resolve() };
const running: EngineAnswer = {
  status: 200,
  body: JSON.stringify({ Id: 'c1', State: { Running: true, Pid: 77 } }),
};
const ended: EngineAnswer = {
  status: 200,
  body: JSON.stringify({ Id: 'c1', State: { Running: false, Pid: 0 } }),
};
const say = (status: number): EngineAnswer => ({ status, body: '{}' });

/** An engine that gives these answers, one after the other, and then the last for ever. */
function engineAnswering(...answers: EngineAnswer[]) {
  const calls: string[] = [];
  const bodies: string[] = [];
  let at = 0;
  const network = createBuilderNetwork({
    clock,
    client: {
      call: async (method, path, body) => {
        calls.push(`${method} ${path}`);
        if (body !== undefined) bodies.push(body);
        const answer = answers[Math.min(at, answers.length - 1)] ?? say(500);
        at += 1;
        await Promise.resolve();
        return answer;
      },
    },
    prepare: () => {
      calls.push('image');
      return Promise.resolve();
    },
  });
  return { network, calls, bodies };
}

const inspect = 'GET /containers/bulkhead-builder-network/json';
const create = 'POST /containers/create?name=bulkhead-builder-network';
const start = 'POST /containers/bulkhead-builder-network/start';

test('one that runs is taken as it is', async () => {
  const { network, calls } = engineAnswering(running);
  expect(await network()).toEqual({ containerId: 'c1', pid: 77 });
  expect(calls).toEqual([inspect]);
});

test('where there is none it is made, without any privilege, from the image that is always there', async () => {
  const { network, calls, bodies } = engineAnswering(say(404), say(201), say(204), running);
  expect(await network()).toEqual({ containerId: 'c1', pid: 77 });
  expect(calls).toEqual([inspect, 'image', create, start, inspect]);
  expect(JSON.parse(bodies[0] ?? '')).toMatchObject({
    Image: 'bulkhead/probe:latest',
    HostConfig: { CapDrop: ['ALL'], AutoRemove: true },
  });
});

test('one that was stopped is started', async () => {
  const { network, calls } = engineAnswering(ended, say(204), running);
  await network();
  expect(calls).toEqual([inspect, start, inspect]);
});

test('one that is being removed is waited for', async () => {
  const { network, calls } = engineAnswering(
    ended,
    say(409),
    say(404),
    say(409),
    say(404),
    say(201),
    say(204),
    running,
  );
  expect(await network()).toEqual({ containerId: 'c1', pid: 77 });
  expect(calls.filter((call) => call === create)).toHaveLength(2);
});

test('steps that ask at the same time get the same one, later ones ask again', async () => {
  const { network, calls } = engineAnswering(say(404), say(201), say(204), running);
  await Promise.all([network(), network(), network()]);
  expect(calls.filter((call) => call === create)).toHaveLength(1);
  await network();
  expect(calls.filter((call) => call === inspect)).toHaveLength(3);
});

test.each([[say(500)], [say(403)]])('an engine that answers %j is not asked again', async (answer) => {
  const { network, calls } = engineAnswering(say(404), say(201), answer);
  await expect(network()).rejects.toThrow(String(answer.status));
  expect(calls).toEqual([inspect, 'image', create, start]);
});

test('it is given up after a while', async () => {
  const { network, calls } = engineAnswering(ended, say(409), ended, say(409), ended);
  await expect(network()).rejects.toThrow('bulkhead-builder-network');
  expect(calls.length).toBeLessThanOrEqual(60);
});
