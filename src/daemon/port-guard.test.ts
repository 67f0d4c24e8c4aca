import { expect, test, vi } from 'vitest';
import type { PortBinding } from '../gate/port-bindings.js';
import type { Decision } from '../common/audit-event.js';
import { operationOf } from '../gate/operations.js';
import { createPortGuard, type PortGuard } from './port-guard.js';
import type { EngineAnswer } from './engine/engine-client.js';
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
  const audit = vi.fn<(decision: Decision) => void>();
  const waiting: (() => void)[] = [];
  const sleep = async (): Promise<void> => new Promise((resolve) => waiting.push(resolve));
  const made: PortGuard = createPortGuard(
    { portBinding, contact: 'Ada' },
    { client: { call }, clock: { sleep }, audit, log },
  );
  return { made, call, log, audit, waiting };
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
    { Id: 'b', Image: 'web:1', Ports: [{}, { IP: '0.0.0.0', PublicPort: 2 }] },
    { Id: 'c', Ports: [{}] },
    { Id: 'd', Ports: null },
  ];
  const { made, call, log, audit } = guard({ '/containers/json': list });
  await made.sweep();
  expect(call.mock.calls.slice(1)).toEqual([['POST', '/containers/b/stop?t=0']]);
  expect(log.warn).toHaveBeenCalledOnce();
  expect(audit.mock.calls).toEqual([
    [
      {
        kind: 'container',
        outcome: 'refused',
        who: { kind: 'bulkheadd' },
        command: 'stop',
        container: 'b',
        image: 'web:1',
        code: 'BH_GATE_PORT_BINDING',
        rule: 'port-bindings',
        setting: 'portBindingBehavior',
      },
    ],
  ]);
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

test('G07 one that ends at once is looked at by what it was made with', async () => {
  const restarting = (Id: string): object => ({ Id, State: 'restarting', Ports: [] });
  const made = (HostConfig: object, ...networks: string[]): object => ({
    HostConfig,
    NetworkSettings: { Networks: Object.fromEntries(networks.map((name) => [name, {}])) },
  });
  const unnamed = bindings('').HostConfig;
  const network = (Options: Record<string, string>, Internal = false): object => ({
    Driver: 'bridge',
    Internal,
    Options,
  });
  const closed = { 'com.docker.network.bridge.host_binding_ipv4': '127.0.0.1' };
  const { made: guarded, call } = guard({
    '/containers/json': ['a', 'b', 'c', 'd', 'e', 'f'].map(restarting),
    '/containers/a/json': made(bindings('0.0.0.0').HostConfig, 'bridge'),
    '/containers/b/json': made(bindings('127.0.0.1').HostConfig, 'old'),
    '/containers/c/json': made(unnamed, 'bridge', 'new', 'inner'),
    '/containers/d/json': made(unnamed, 'new', 'old'),
    '/containers/e/json': made({ PortBindings: null, PublishAllPorts: true }, 'old'),
    '/networks/old': network({}),
    '/networks/new': network(closed),
    '/networks/inner': network({}, true),
  });
  await guarded.sweep();
  const stopped = call.mock.calls.filter(([method]) => method === 'POST').map(([, path]) => path);
  expect(stopped).toEqual(['a', 'd', 'e'].map((id) => `/containers/${id}/stop?t=0`));
});

test('G07 after a plan it sweeps once for all that came meanwhile, and again for what came later', async () => {
  const { made, call, waiting } = guard({ '/containers/json': [] });
  made.started();
  made.started();
  expect([waiting.length, call.mock.calls.length]).toEqual([1, 0]);
  waiting.shift()?.();
  await vi.waitFor(() => {
    expect(call).toHaveBeenCalledOnce();
  });
  made.started();
  await vi.waitFor(() => {
    expect(waiting).toHaveLength(1);
  });
  waiting.shift()?.();
  await vi.waitFor(() => {
    expect(call).toHaveBeenCalledTimes(2);
  });
  const off = guard({}, 'default-local-port-binding');
  off.made.started();
  expect(off.waiting).toEqual([]);
});
