import { expect, test } from 'vitest';
import { auditEventSchema, auditLineSchema, type Decision } from '../../common/audit-event.js';
import { systemClock } from '../../common/system-clock.js';
import { AuditLog } from './audit-log.js';
import { fakeLogDirectory } from './log-directory.test-support.js';

const never = new AbortController().signal;

function refusal(code: string, path = '/containers/create'): Decision {
  const who = { kind: 'developer' } as const;
  return { kind: 'request', outcome: 'refused', who, request: 'r-1', method: 'POST', path, code };
}

const served: Decision = {
  kind: 'request',
  outcome: 'allowed',
  who: { kind: 'developer' },
  request: 'r-2',
  method: 'GET',
  path: '/_ping',
  status: 200,
};

async function lines(log: AuditLog, since?: string) {
  const all = [];
  for await (const line of log.read(since === undefined ? {} : { since }, never))
    all.push(auditEventSchema.parse(JSON.parse(line)));
  return all;
}

function logIn(directory = fakeLogDirectory(), clock = systemClock): AuditLog {
  return new AuditLog({ directory, clock, fileBytes: 4096, files: 4 });
}

test('decisions of both series come back in the order they were made', async () => {
  const log = logIn();
  for (const decision of [served, refusal('A'), served, served, refusal('B')]) log.record(decision);
  const read = await lines(log);
  expect(read.map(({ seq }) => seq)).toEqual([0, 1, 2, 3, 4]);
  expect(read.map((event) => ('code' in event ? event.code : undefined))).toEqual([
    undefined,
    'A',
    undefined,
    undefined,
    'B',
  ]);
  expect(new Set(read.map(({ boot }) => boot))).toEqual(new Set([log.boot]));
});

test('a later daemon goes on with the numbers, under a name of its own', async () => {
  const directory = fakeLogDirectory();
  const earlier = logIn(directory);
  earlier.record(served);
  earlier.record(refusal('A'));
  await earlier.flush();
  const later = logIn(directory);
  later.record(served);
  const read = await lines(later);
  expect(read.map(({ seq, boot }) => [seq, boot])).toEqual([
    [0, earlier.boot],
    [1, earlier.boot],
    [2, later.boot],
  ]);
});

test('what was left out on the way is in the account, also where nothing else is', async () => {
  const log = logIn();
  log.leftOut(7);
  log.leftOut(Number.MAX_SAFE_INTEGER);
  expect((await lines(log)).at(-1)).toMatchObject({
    kind: 'suppressed',
    decisions: [],
    others: 1_000_000_000,
  });
  expect(log.health().suppressed).toBe(1_000_000_007);
  expect((await lines(log)).filter(({ kind }) => kind === 'suppressed')).toHaveLength(1);
});

test('names without end do not take from what the same container connects to', async () => {
  const log = new AuditLog({ directory: fakeLogDirectory(), clock: systemClock });
  const who = { kind: 'container', id: 'c'.repeat(64), image: 'web' } as const;
  const told = { kind: 'connection', outcome: 'allowed', who } as const;
  for (let count = 0; count < 10_000; count += 1) log.record({ ...told, destination: `${count}.test` });
  for (const destination of ['192.0.2.1:443', '[::1]:443', 'registry.test/team/web'])
    log.record({ ...told, destination });
  const kept = (await lines(log)).flatMap((event) =>
    event.kind === 'connection' ? [event.destination] : [],
  );
  expect(kept).toHaveLength(303);
  expect(kept.slice(-3)).toEqual(['192.0.2.1:443', '[::1]:443', 'registry.test/team/web']);
});

test('10,000 refusals alike leave a bounded log in which the one of another rule still is', async () => {
  const directory = fakeLogDirectory();
  const log = logIn(directory);
  for (let count = 0; count < 10_000; count += 1) {
    if (count === 5000) log.record(refusal('RARE', '/rare'));
    log.record(refusal('COMMON'));
    log.record(served);
  }
  const read = await lines(log);
  expect(read.filter((event) => 'code' in event && event.code === 'COMMON')).toHaveLength(60);
  expect(read.filter((event) => 'code' in event && event.code === 'RARE')).toHaveLength(1);
  expect(read.at(-1)).toMatchObject({
    kind: 'suppressed',
    decisions: [
      { code: 'COMMON', outcome: 'refused', count: 9940 },
      { outcome: 'allowed', reading: true, count: 9700 },
    ],
    others: 0,
  });
  expect(log.health()).toEqual({ recorded: 362, suppressed: 19_640, lost: 0, lastError: null });
});

test('requests that are served push no refusal out of the log', async () => {
  const directory = fakeLogDirectory();
  const time = { ms: 0 };
  const log = logIn(directory, { ...systemClock, now: () => time.ms });
  log.record(refusal('EARLY'));
  for (let minute = 0; minute < 100; minute += 1) {
    time.ms = minute * 60_000;
    for (let count = 0; count < 60; count += 1) log.record(served);
    await log.flush();
  }
  const bytes = [...directory.files.values()].reduce((sum, file) => sum + file.length, 0);
  expect(bytes).toBeLessThan(2 * 4 * 4096 + 2000);
  expect(await lines(log)).toContainEqual(expect.objectContaining({ code: 'EARLY' }));
});

test('a full disk loses no count', async () => {
  const directory = fakeLogDirectory();
  const wakes: (() => void)[] = [];
  const sleep = async (): Promise<void> => new Promise((resolve) => wakes.push(resolve));
  const log = logIn(directory, { now: () => 0, sleep });
  const pass = async (): Promise<void> => {
    for (const wake of wakes.splice(0)) wake();
    for (let turn = 0; turn < 20; turn += 1) await Promise.resolve();
  };
  directory.room = 0;
  log.record(refusal('A'));
  log.record(served);
  await pass();
  const lastError = 'ENOSPC: no space left on device, write';
  expect(log.health()).toEqual({ recorded: 2, suppressed: 0, lost: 2, lastError });
  // The account itself does not fit.
  await pass();
  await pass();
  expect(log.health().lost).toBeGreaterThan(2);
  directory.room = 10_000;
  const { lost } = log.health();
  await pass();
  const read = await lines(log);
  expect(read).toHaveLength(1);
  expect(read[0]).toMatchObject({ kind: 'lost', count: lost });
  expect(read[0]?.seq).toBe(lost);
  log.record(refusal('B'));
  expect((await lines(log)).map(({ kind }) => kind)).toEqual(['lost', 'request']);
});

test('who follows gets what was there, then what comes, each once', async () => {
  const log = logIn();
  log.record(refusal('BEFORE'));
  const leave = new AbortController();
  const reader = log.read({ follow: true }, leave.signal);
  const first = await reader.next();
  expect(first.value).toContain('BEFORE');
  const second = reader.next();
  log.record(refusal('AFTER'));
  expect((await second).value).toContain('AFTER');
  const third = reader.next();
  leave.abort();
  expect((await third).done).toBe(true);
});

test('who is too slow is told how much was passed over', async () => {
  const time = { ms: 0 };
  const log = logIn(fakeLogDirectory(), { ...systemClock, now: () => time.ms });
  const leave = new AbortController();
  const reader = log.read({ follow: true, since: '9999' }, leave.signal);
  const first = reader.next();
  log.record(refusal('FIRST'));
  expect((await first).value).toContain('FIRST');
  for (let count = 0; count < 6000; count += 1) {
    time.ms += 60_000;
    log.record(refusal(`NUMBER ${count}`));
  }
  const told = auditLineSchema.parse(JSON.parse((await reader.next()).value ?? ''));
  expect(told).toEqual({ kind: 'behind', count: 1000 });
  expect((await reader.next()).value).toContain('NUMBER 1000');
  leave.abort();
});

test('since leaves out what is older', async () => {
  const log = logIn();
  log.record(refusal('A'));
  expect(await lines(log, '2020-01-01T00:00:00.000Z')).toHaveLength(1);
  expect(await lines(log, '9999-01-01T00:00:00.000Z')).toHaveLength(0);
});

test('lines that no daemon wrote are passed over', async () => {
  const directory = fakeLogDirectory();
  const log = logIn(directory);
  log.record(refusal('A'));
  await log.flush();
  directory.files.set('served-00000001.jsonl', Buffer.from(`${'\0'.repeat(70_000)}\n{"seq":0,"bo\n`));
  expect(await lines(log)).toHaveLength(1);
});

test('refusals of every kind, of callers without number, do not push out an earlier one', async () => {
  const directory = fakeLogDirectory();
  const time = { ms: 0 };
  const clock = { ...systemClock, now: () => time.ms };
  const log = new AuditLog({ directory, clock });
  log.record(refusal('BH_EARLY'));
  const path = '\u4e00'.repeat(256);
  const hammer = async (round: number): Promise<void> => {
    for (let kind = 0; kind < 320; kind += 1) {
      const hammered: Decision = {
        kind: 'request',
        outcome: 'refused',
        who: { kind: 'container', id: `${round}-${Math.floor(kind / 40)}`, image: path },
        request: 'r',
        method: 'POST',
        path,
        code: `BH_${kind % 40}`,
        container: path,
        image: path,
      };
      for (let count = 0; count < 61; count += 1) log.record(hammered);
      await log.flush();
    }
    log.record(refusal(`BH_ROUND_${round}`));
    await log.flush();
  };
  for (let round = 0; round < 2; round += 1) {
    await hammer(round);
    time.ms += 10 * 60_000;
  }
  const kept = [...directory.files.values()].map(String).join('');
  expect(kept).toContain('"BH_EARLY"');
  // Nor did they keep one of another kind out.
  for (let round = 0; round < 2; round += 1) expect(kept).toContain(`"BH_ROUND_${round}"`);
});
