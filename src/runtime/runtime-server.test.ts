import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Plan } from '../isolation/plan.js';
import type { Inquiry, Planner, RuntimeAuditEvent } from './planner.js';
import { RuntimeServer, type RuntimeServerOptions } from './runtime-server.js';
import { encodeMessage, type Field, MessageDecoder } from './wire.js';
import { World } from './world.test-support.js';

const line = '27 1 254:0 / / rw - ext4 /dev/vda rw';
const merged = ['0', '/merged', '40755', '0:0', '254:0', '2', 'ef53', '27', ''];
const rootFacts = ['facts', ...merged, line];
const spec = { ociVersion: '1.2.1', root: { path: '/run/bulkhead/rootfs' }, linux: {} };

let world: World;
let directory: string;
let audits: RuntimeAuditEvent[];
let errors: unknown[];
let server: RuntimeServer | undefined;
beforeEach(() => {
  world = new World();
  directory = mkdtempSync(join(tmpdir(), 'bulkhead-runtime-'));
  audits = [];
  errors = [];
});
afterEach(async () => {
  await server?.close();
  server = undefined;
  rmSync(directory, { recursive: true });
});

function plannerOf(decide: Inquiry['decide'], paths: readonly string[] = ['/merged']): Planner {
  return { begin: () => Promise.resolve({ kind: 'inquiry', paths, idCount: 65_536, decide }) };
}
const bindPlan = (ids: Plan['ids']): Plan => ({
  ids,
  root: { kind: 'bind', readonly: false },
  binds: [],
  namespaces: [],
  delegated: [],
  spec,
});

async function serve(planner: Planner, options: Partial<RuntimeServerOptions> = {}): Promise<void> {
  server = new RuntimeServer({
    planner,
    audit: (event) => audits.push(event),
    onError: (error) => errors.push(error),
    store: world.store,
    probe: world.probe,
    ...options,
  });
  await server.listen({ path: join(directory, 's') });
}

/** Sends the messages in turn, one for each answer, and returns the answers as text. */
async function talk(...messages: readonly (readonly Field[] | Buffer)[]): Promise<string[][]> {
  const socket = connect(join(directory, 's'));
  const decoder = new MessageDecoder();
  const answers: string[][] = [];
  let at = 0;
  const sendNext = () => {
    const message = messages[at++];
    if (message !== undefined) socket.write(Buffer.isBuffer(message) ? message : encodeMessage(message));
  };
  sendNext();
  socket.on('data', (chunk: Buffer) => {
    for (const fields of decoder.push(chunk)) {
      answers.push(fields.map((field) => field.toString('utf8')));
      sendNext();
    }
  });
  await once(socket, 'close');
  return answers;
}

/** The hello of a front door that runs. */
function hello(containerId = 'c1'): Field[] {
  const { pid, pidStartTime } = world.creator(containerId);
  return [
    'hello',
    '1',
    'create',
    join(directory, 'runc'),
    containerId,
    '/b',
    `${pid} (runc) S${' 0'.repeat(18)} ${pidStartTime} 0\n`,
    '{}',
  ];
}

test('a container is planned: paths, facts, a range of its own, the plan, an audit event', async () => {
  await serve(
    plannerOf((facts, ids) => {
      expect(facts).toMatchObject([{ path: '/merged', opened: true, kind: 'directory' }]);
      return { kind: 'plan', plan: bindPlan(ids) };
    }),
  );
  expect(await talk(hello('a'), rootFacts)).toEqual([
    ['open', '/merged'],
    ['plan', 'userns', '100000', '65536', '0', '0', 'root-bind', 'config', JSON.stringify(spec)],
  ]);
  expect((await talk(hello('b'), rootFacts))[1]?.[2]).toBe('165536');
  expect(audits).toMatchObject([
    { outcome: 'planned', command: 'create', containerId: 'a', ids: { base: 100_000, size: 65_536 } },
    { outcome: 'planned', containerId: 'b', ids: { base: 165_536 } },
  ]);
  const { milliseconds = -1, planMilliseconds = -1 } = audits[0] ?? {};
  expect(planMilliseconds).toBeGreaterThan(0);
  expect(milliseconds).toBeGreaterThanOrEqual(planMilliseconds);
  expect(server?.allocator.leases).toMatchObject([
    { holders: [{ containerId: 'a' }] },
    { holders: [{ containerId: 'b' }] },
  ]);
});

test('relative paths of a specification start from the bundle', async () => {
  let opened: string[] = [];
  await serve(
    plannerOf(
      (facts, ids) => {
        opened = facts.map(({ path }) => path);
        return { kind: 'plan', plan: bindPlan(ids) };
      },
      ['rootfs', '/abs'],
    ),
  );
  const [asked] = await talk(hello(), ['facts', ...merged, ...merged, line]);
  expect(asked).toEqual(['open', '/b/rootfs', '/abs']);
  expect(opened).toEqual(['rootfs', '/abs']);
});

test('a refusal reaches the front door with its code, and the range goes back at once', async () => {
  const refusal = { rule: 'no-host-network', code: 'BH_ISOLATION_X' as const, message: 'not\0 allowed' };
  await serve(plannerOf(() => ({ kind: 'refusal', refusal })));
  expect(await talk(hello(), rootFacts)).toEqual([
    ['open', '/merged'],
    ['refuse', 'BH_ISOLATION_X', 'not? allowed'],
  ]);
  expect(audits).toMatchObject([{ outcome: 'refused', rule: 'no-host-network', code: 'BH_ISOLATION_X' }]);
  expect(server?.allocator.leases).toEqual([]);
});

test('a refusal before any path is opened', async () => {
  const refusal = { rule: 'known-fields', code: 'BH_ISOLATION_UNKNOWN_FIELD' as const, message: 'unknown' };
  await serve({ begin: () => Promise.resolve({ kind: 'refusal', refusal }) });
  expect(await talk(hello())).toEqual([['refuse', 'BH_ISOLATION_UNKNOWN_FIELD', 'unknown']]);
});

test('a container that joins another becomes a holder of its range and gives its own back', async () => {
  let joins: number | undefined;
  await serve(
    plannerOf((_, ids) => {
      if (joins === undefined) return { kind: 'plan', plan: bindPlan(ids) };
      const joined = { containerId: 'owner', path: '/proc/7/ns/user' };
      return { kind: 'plan', plan: { ...bindPlan({ base: joins, size: 65_536 }), joined } };
    }),
  );
  await talk(hello('owner'), rootFacts);
  joins = 100_000;
  expect((await talk(hello('guest'), rootFacts))[1]?.slice(0, 3)).toEqual(['plan', 'userns', '100000']);
  expect(server?.allocator.leases).toMatchObject([
    { base: 100_000, holders: [{ containerId: 'owner' }, { containerId: 'guest' }] },
  ]);
  joins = 4711;
  expect((await talk(hello('late'), rootFacts))[1]?.[1]).toBe('BH_RUNTIME_IDS_GONE');
  expect(server?.allocator.leases).toHaveLength(1);
});

describe('never a hang, always a sentence, when', () => {
  const crash = () => {
    throw new TypeError('x is undefined');
  };
  test.each<[string, Planner]>([
    ['the planner throws at once', { begin: crash }],
    ['the planner rejects', { begin: () => Promise.reject(new Error('x is undefined')) }],
    ['the decision throws', plannerOf(crash)],
  ])('%s', async (_, planner) => {
    await serve(planner);
    const answers = await talk(hello(), rootFacts);
    expect(answers.at(-1)).toEqual([
      'refuse',
      'BH_RUNTIME_INTERNAL',
      expect.stringContaining('(x is undefined)'),
    ]);
    expect(audits).toMatchObject([{ outcome: 'failed', code: 'BH_RUNTIME_INTERNAL', containerId: 'c1' }]);
    expect(server?.allocator.leases).toEqual([]);
  });

  test('the planner never answers', async () => {
    await serve({ begin: () => new Promise(() => undefined) }, { deadline: 50 });
    expect(await talk(hello())).toEqual([
      ['refuse', 'BH_RUNTIME_DEADLINE', expect.stringContaining('0.05 seconds')],
    ]);
  });

  test('the front door never sends its facts', async () => {
    await serve(plannerOf(crash), { deadline: 50 });
    expect((await talk(hello())).at(-1)?.[1]).toBe('BH_RUNTIME_DEADLINE');
    expect(server?.allocator.leases).toEqual([]);
  });

  test.each([
    ['garbage', Buffer.from('GET / HTTP/1.1\r\n\r\n')],
    ['an empty message', Buffer.alloc(4)],
    ['facts first', ['facts']],
    ['another version', ['hello', '2', 'create', '/r', 'c', '/b', '1 (runc)', '{}']],
  ])('the front door sends %s', async (_, first) => {
    await serve(plannerOf(crash));
    expect(await talk(first)).toEqual([['refuse', 'BH_RUNTIME_PROTOCOL', expect.any(String)]]);
    expect(audits).toMatchObject([{ outcome: 'failed', code: 'BH_RUNTIME_PROTOCOL' }]);
  });

  test('the facts do not fit the paths', async () => {
    await serve(plannerOf(crash));
    expect((await talk(hello(), ['facts'])).at(-1)?.[1]).toBe('BH_RUNTIME_PROTOCOL');
  });

  test('the ids cannot be recorded', async () => {
    await serve(plannerOf((_, ids) => ({ kind: 'plan', plan: bindPlan(ids) })));
    world.writeFails = true;
    expect((await talk(hello(), rootFacts)).at(-1)?.[2]).toContain('no space left on device');
  });

  test('the daemon stops meanwhile', async () => {
    await serve({ begin: () => new Promise(() => undefined) });
    const answers = talk(hello());
    await expect.poll(() => existsSync(join(directory, 'runc'))).toBe(true);
    await server?.close();
    server = undefined;
    expect(await answers).toEqual([
      ['refuse', 'BH_RUNTIME_INTERNAL', expect.stringContaining('is stopping')],
    ]);
  });
});

test('a front door that goes away leaves nothing behind', async () => {
  await serve(plannerOf((_, ids) => ({ kind: 'plan', plan: bindPlan(ids) })));
  const socket = connect(join(directory, 's'));
  socket.write(encodeMessage(hello()));
  await once(socket, 'data');
  socket.destroy();
  await expect.poll(() => audits).toMatchObject([{ outcome: 'failed', code: 'BH_RUNTIME_PROTOCOL' }]);
  expect(server?.allocator.leases).toEqual([]);
});

test('many front doors at once all get ranges of their own', async () => {
  await serve(plannerOf((_, ids) => ({ kind: 'plan', plan: bindPlan(ids) })));
  const answers = await Promise.all(Array.from({ length: 50 }, (_, at) => talk(hello(`c${at}`), rootFacts)));
  expect(new Set(answers.map((answer) => answer[1]?.[2])).size).toBe(50);
});

test('a range comes back when the runtime deletes the container', async () => {
  await serve(
    plannerOf((_, ids) => ({ kind: 'plan', plan: bindPlan(ids) })),
    {
      probe: {
        ...world.probe,
        hasState: (holder) => existsSync(join(holder.runtimeRoot, holder.containerId)),
      },
    },
  );
  await talk(hello('watched'), rootFacts);
  mkdirSync(join(directory, 'runc/watched'));
  world.creators.clear();
  await server?.allocator.sweep();
  expect(server?.allocator.leases).toHaveLength(1);
  rmSync(join(directory, 'runc/watched'), { recursive: true });
  await expect.poll(() => server?.allocator.leases, { timeout: 5000 }).toEqual([]);
  expect(errors).toEqual([]);
});

test('a session that is over leaves nothing of its question in memory', async () => {
  setFlagsFromString('--expose-gc');
  const questions: WeakRef<object>[] = [];
  await serve({
    begin: async (request, signal) => {
      questions.push(new WeakRef(request));
      return plannerOf((_facts, ids) => ({ kind: 'plan', plan: bindPlan(ids) })).begin(request, signal);
    },
  });
  for (const id of ['c1', 'c2', 'c3']) await talk(hello(id), rootFacts);
  const kept = () => {
    runInNewContext('gc()');
    return questions.filter((question) => question.deref() !== undefined).length;
  };
  /* The last one may live on in a register until other code has run. */
  for (const id of ['c4', 'c5']) await talk(hello(id), rootFacts);
  await expect.poll(kept, { timeout: 5000 }).toBeLessThanOrEqual(1);
});
