import { expect, onTestFinished, test, vi } from 'vitest';
import { systemClock } from '../../common/system-clock.js';
import { readLines } from '../../common/line-reader.js';
import { socketPair } from '../../channel/test-support/streams.js';
import { EgressClients } from './egress-clients.js';

const [one, two] = ['1'.repeat(64), '2'.repeat(64)];
const image = `sha256:${'a'.repeat(64)}`;

function resolved(): PromiseWithResolvers<void> {
  const promise = Promise.withResolvers<void>();
  promise.resolve();
  return promise;
}

/** An engine with two networks, one of which leads nowhere. */
function scene({ learns = true } = {}) {
  const attached: Record<string, Record<string, { IPv4Address: string; IPv6Address: string }>> = {
    bridge: { [one]: { IPv4Address: '172.17.0.2/16', IPv6Address: '' } },
    inner: { [two]: { IPv4Address: '172.18.0.2/16', IPv6Address: '' } },
  };
  let onEvent: (line: string) => void = () => undefined;
  let end: () => void = () => undefined;
  const state = { up: true, name: 'web', answers: resolved() };
  const audited: unknown[] = [];
  const leftOut: number[] = [];
  const learnt: unknown[] = [];
  const body = (path: string): unknown => {
    if (path === '/networks')
      return Object.keys(attached).map((name) => ({ Id: name, Internal: name === 'inner' }));
    if (path.startsWith('/networks/')) return { Containers: attached[path.slice('/networks/'.length)] };
    if (path === '/info') return { DriverStatus: [] };
    return {
      Id: image,
      RepoTags: ['quay.io/team/web:1', 'forged.example/x:1'],
      RepoDigests: [`quay.io/team/web@sha256:${'b'.repeat(64)}`],
    };
  };
  const clients = new EgressClients({
    client: {
      call: async (_, path) => {
        if (!state.up) throw new Error('ECONNREFUSED');
        const answer = { status: 200, body: JSON.stringify(body(path)) };
        if (path.startsWith('/networks/')) await state.answers.promise;
        return answer;
      },
      follow: async (_, listener) => {
        if (!state.up) throw new Error('ECONNREFUSED');
        onEvent = listener;
        return Promise.resolve({
          ended: new Promise<void>((resolve) => {
            end = resolve;
          }),
        });
      },
    },
    audit: (decision) => audited.push(decision),
    leftOut: (count) => leftOut.push(count),
    learn: learns ? (pulled) => learnt.push(pulled) : undefined,
    recordOf: () => ({ imageId: image, image: 'web', name: state.name, labels: { team: 'web' } }),
    clock: systemClock,
    log: { warn: () => undefined },
  });
  return {
    clients,
    audited,
    leftOut,
    learnt,
    attached,
    state,
    event: (event: object) => onEvent(JSON.stringify(event)),
    end: () => end(),
  };
}

async function listen(clients: EgressClients) {
  const [host, guest] = await socketPair();
  const lines: unknown[] = [];
  void readLines(host, (line) => lines.push(JSON.parse(line)));
  const served = clients.serve(guest);
  onTestFinished(async () => {
    host.destroy();
    await served;
  });
  return { lines, say: (text: string) => host.write(text), leave: () => host.destroy() };
}

test('says who is in the networks that lead out, with the names of the image that are believed', async () => {
  const { clients } = scene();
  const { lines } = await listen(clients);
  await vi.waitFor(() => expect(lines).toHaveLength(2));
  expect(lines).toEqual([
    {
      kind: 'container',
      id: one,
      name: 'web',
      image: [image, 'quay.io/team/web:1', `quay.io/team/web@sha256:${'b'.repeat(64)}`],
      labels: { team: 'web' },
      addresses: ['172.17.0.2'],
    },
    { kind: 'builds', addresses: [] },
  ]);
});

test('looks again when the engine says that something has changed, and when a step of a build is planned', async () => {
  const { clients, attached, state, event } = scene();
  const { lines } = await listen(clients);
  await vi.waitFor(() => expect(lines).toHaveLength(2));
  attached['bridge'] = { abcdefghij0123456789abcde: { IPv4Address: '172.17.0.2/16', IPv6Address: '' } };
  clients.planned();
  await vi.waitFor(() => expect(lines).toHaveLength(4));
  expect(lines.splice(0).slice(2)).toEqual([
    { kind: 'gone', id: one },
    { kind: 'builds', addresses: ['172.17.0.2'] },
  ]);
  attached['bridge'] = { [one]: { IPv4Address: '172.17.0.3/16', IPv6Address: 'fd00:0:0::3/64' } };
  event({ Type: 'network', Action: 'connect', Actor: { ID: 'bridge' } });
  await vi.waitFor(() => expect(lines).toHaveLength(2));
  expect(lines.splice(0)[0]).toMatchObject({ id: one, addresses: ['172.17.0.3', 'fd00::3'] });
  state.name = 'renamed';
  event({ Type: 'container', Action: 'rename', Actor: { ID: one } });
  await vi.waitFor(() => expect(lines).toMatchObject([{ id: one, name: 'renamed' }]));
});

test('who has left a network has no address from then on, however late the engine is, and whatever it said before', async () => {
  const { clients, attached, state, event } = scene();
  const { lines } = await listen(clients);
  await vi.waitFor(() => expect(lines).toHaveLength(2));
  const left = {
    Type: 'network',
    Action: 'disconnect',
    Actor: { ID: 'bridge', Attributes: { container: one } },
  };
  state.answers = Promise.withResolvers();
  event(left);
  await vi.waitFor(() => expect(lines).toMatchObject([{}, {}, { id: one, name: 'web', addresses: [] }]));
  // What was asked before it left again says nothing of it.
  clients.planned();
  event(left);
  attached['bridge'] = { [two]: { IPv4Address: '172.17.0.2/16', IPv6Address: '' } };
  state.answers.resolve();
  await vi.waitFor(() => expect(lines.slice(3)).toMatchObject([{ kind: 'gone' }, { id: two }]));
});

test('an engine that ends, or does not answer, has nobody until it does', async () => {
  const { clients, state, event, end } = scene();
  const { lines } = await listen(clients);
  await vi.waitFor(() => expect(lines).toHaveLength(2));
  state.up = false;
  event({ Type: 'network', Action: 'connect', Actor: { ID: 'bridge' } });
  await vi.waitFor(() => expect(lines.at(-1)).toEqual({ kind: 'nobody' }));
  end();
  state.up = true;
  await vi.waitFor(
    () => expect(lines.slice(3)).toMatchObject([{ kind: 'container' }, { kind: 'builds' }]),
    5000,
  );
});

test('is asked by several, and asks nobody when they have gone', async () => {
  const { clients, state, event } = scene();
  const first = await listen(clients);
  const second = await listen(clients);
  for (const { lines } of [first, second]) await vi.waitFor(() => expect(lines).toHaveLength(2));
  first.leave();
  state.name = 'renamed';
  event({ Type: 'container', Action: 'rename', Actor: { ID: one } });
  await vi.waitFor(() => expect(second.lines.at(-1)).toMatchObject({ name: 'renamed' }));
  second.leave();
  const third = await listen(clients);
  await vi.waitFor(() =>
    expect(third.lines.filter((line) => JSON.stringify(line).includes('renamed'))).toHaveLength(1),
  );
});

test('takes down what the gateway decided, and nothing else it says', async () => {
  const { clients, audited } = scene();
  const { say } = await listen(clients);
  const decision = {
    kind: 'connection',
    outcome: 'refused',
    who: { kind: 'build' },
    destination: '192.0.2.1:443',
    code: 'BH_NETWORK_ACCESS',
    rule: 'network-access',
    setting: 'bulkhead.networkAccess.default',
  };
  const forged = { kind: 'sign-in', outcome: 'allowed', who: { kind: 'developer' }, action: 'sign-in' };
  say(
    `{\n${JSON.stringify(forged)}\n${JSON.stringify({ ...decision, seq: 1 })}\n${JSON.stringify(decision)}\n`,
  );
  await vi.waitFor(() => expect(audited).toEqual([decision]));
});

test('hears how many lines there was no room for', async () => {
  const { clients, leftOut, audited } = scene();
  const { say } = await listen(clients);
  say('{"kind":"left-out","count":7}\n{"kind":"left-out","count":-7}\n{"kind":"left-out","count":8}\n');
  await vi.waitFor(() => expect(leftOut).toEqual([7, 8]));
  expect(audited).toEqual([]);
});

const pulled = {
  kind: 'pulled',
  number: 3,
  names: [{ repository: 'ghcr.io/acme/tool', tag: 'v1', digest: `sha256:${'b'.repeat(64)}` }],
  image: { id: image, layers: [`sha256:${'c'.repeat(64)}`] },
};

test('learns what the gateway saw pulled, and says so when it has', async () => {
  const { clients, learnt } = scene();
  const { lines, say } = await listen(clients);
  await vi.waitFor(() => expect(lines).toHaveLength(2));
  say(`${JSON.stringify({ ...pulled, names: [] })}\n${JSON.stringify(pulled)}\n`);
  await vi.waitFor(() => expect(lines.slice(2)).toEqual([{ kind: 'learnt', number: 3 }]));
  expect(learnt).toEqual([{ names: pulled.names, image: pulled.image }]);
});

test('learns nothing where the engine can go past the gateway', async () => {
  const { clients, learnt, audited } = scene({ learns: false });
  const { lines, say } = await listen(clients);
  const decision = {
    kind: 'connection',
    outcome: 'allowed',
    who: { kind: 'engine' },
    destination: 'ghcr.io',
  };
  say(`${JSON.stringify(pulled)}\n${JSON.stringify(decision)}\n`);
  await vi.waitFor(() => expect(audited).toEqual([decision]));
  expect([learnt, lines.filter((line) => JSON.stringify(line).includes('learnt'))]).toEqual([[], []]);
});
