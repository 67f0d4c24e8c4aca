import { expect, test, vi } from 'vitest';
import type { PortBinding } from '../gate/port-bindings.js';
import { operationOf } from '../gate/operations.js';
import { createPortGuard, type PortGuard } from './port-guard.js';
import type { EngineAnswer } from './engine-client.js';
import type { Exchange } from './gate/exchange.js';

const exchange = (path: string): Exchange => ({
  id: 'x',
  caller: { kind: 'developer' },
  request: {
    method: 'POST',
    path,
    query: undefined,
    fields: [],
    framing: undefined,
    upgrade: undefined,
    expectsContinue: false,
    close: false,
  },
  path,
  operation: operationOf('POST', path),
  takeover: undefined,
});

function guard(
  answers: Readonly<Record<string, unknown>>,
  portBinding: PortBinding = 'local-only-port-binding',
) {
  const call = vi.fn<(method: string, path: string) => Promise<EngineAnswer>>(async (method, path) =>
    path in answers
      ? { status: 200, body: JSON.stringify(answers[path]) }
      : { status: method === 'GET' ? 404 : 204, body: '' },
  );
  const log = { warn: vi.fn<() => void>(), error: vi.fn<() => void>() };
  const made: PortGuard = createPortGuard({ portBinding, contact: 'Ada' }, { call }, log);
  return { made, call, log };
}

const bindings = (HostIp: string) => ({
  HostConfig: { PortBindings: { '80/tcp': [{ HostIp, HostPort: '1' }] } },
});

test('G07 a container from before the rule is not started', async () => {
  const answers = {
    '/containers/old/json': bindings('0.0.0.0'),
    '/containers/new/json': bindings('127.0.0.1'),
  };
  const { made } = guard(answers);
  for (const verb of ['start', 'restart']) {
    await expect(made.judge(exchange(`/containers/old/${verb}`))).rejects.toThrow(
      'made with port 80/tcp on 0.0.0.0',
    );
    await expect(made.judge(exchange(`/containers/new/${verb}`))).resolves.toBeUndefined();
  }
  await expect(made.judge(exchange('/containers/none/start'))).resolves.toBeUndefined();
  expect(made.judge(exchange('/containers/old/stop'))).toBeUndefined();
  expect(
    guard(answers, 'default-local-port-binding').made.judge(exchange('/containers/old/start')),
  ).toBeUndefined();
});

test('G07 what listens elsewhere all the same is stopped', async () => {
  const list = [
    {
      Id: 'a',
      Ports: [
        { IP: '127.0.0.1', PublicPort: 1 },
        { IP: '::1', PublicPort: 1 },
      ],
    },
    { Id: 'b', Ports: [{}, { IP: '0.0.0.0', PublicPort: 2 }] },
    { Id: 'c', Ports: [{}] },
    { Id: 'd', Ports: null },
  ];
  const { made, call, log } = guard({ '/containers/json': list });
  await made.sweep();
  expect(call.mock.calls.slice(1)).toEqual([['POST', '/containers/b/stop?t=0']]);
  expect(log.warn).toHaveBeenCalledOnce();
  await made.after(exchange('/networks/n/connect'));
  await made.after(exchange('/networks/n/disconnect'));
  expect(call).toHaveBeenCalledTimes(6);
  const off = guard({ '/containers/json': list }, 'default-port-binding');
  await off.made.sweep();
  await off.made.after(exchange('/containers/b/start'));
  expect(off.call).not.toHaveBeenCalled();
});

test('an engine that cannot be asked starts nothing', async () => {
  const { made, log } = guard({ '/containers/x/json': 'nonsense', '/containers/json': 'nonsense' });
  await expect(made.judge(exchange('/containers/x/start'))).rejects.toMatchObject({ code: 'BH_GATE_BODY' });
  await made.sweep();
  expect(log.error).toHaveBeenCalledOnce();
});
