import { pino } from 'pino';
import { expect, test } from 'vitest';
import type { Clock } from '../../common/clock.js';
import type { InitLink } from '../init/init-link.js';
import type { InitCommand, InitMessage } from '../init/init-protocol.js';
import { Supervisor } from './supervisor.js';

/** PID 1 and time as doubles: commands are recorded, sleeps end when the test says so. */
function fixture() {
  const sent: InitCommand[] = [];
  const sleeps: { readonly ms: number; readonly wake: () => void }[] = [];
  let listener: (message: InitMessage) => void = () => undefined;
  let now = 0;
  const link: InitLink = {
    send: (command) => sent.push(command),
    onMessage: (added) => {
      listener = added;
    },
  };
  const clock: Clock = {
    now: () => now,
    sleep: (ms) =>
      new Promise((wake) => {
        sleeps.push({ ms, wake });
      }),
  };
  const supervisor = new Supervisor(link, clock, pino({ level: 'silent' }));
  return {
    supervisor,
    sent,
    sleeps,
    say: (message: InitMessage) => {
      listener(message);
    },
    pass: (ms: number) => {
      now += ms;
    },
  };
}

const running: InitMessage = { kind: 'running', service: 'dockerd', pid: 7 };
const killed: InitMessage = {
  kind: 'exited',
  service: 'dockerd',
  pid: 7,
  status: { kind: 'signal', value: 9 },
};

test('asks PID 1 what runs already, because it may be a second daemon of this boot', () => {
  expect(fixture().sent).toEqual([{ kind: 'list' }]);
});

test('starts a service that died again, after a delay that grows while it keeps dying', async () => {
  const { supervisor, sent, sleeps, say } = fixture();
  say(running);
  say(killed);
  expect(supervisor.status().dockerd).toEqual({
    state: 'waiting',
    pid: null,
    restarts: 1,
    lastExit: { kind: 'signal', value: 9 },
  });
  sleeps[0]?.wake();
  await Promise.resolve();
  expect(sent.at(-1)).toEqual({ kind: 'start', service: 'dockerd' });
  say({ ...running, pid: 8 });
  say({ ...killed, pid: 8 });
  expect(sleeps.map(({ ms }) => ms)).toEqual([250, 500]);
});

test('a service that was healthy for long begins with the short delay again', () => {
  const { sleeps, say, pass } = fixture();
  say(running);
  say(killed);
  say({ ...running, pid: 8 });
  pass(60_000);
  say({ ...killed, pid: 8 });
  expect(sleeps.map(({ ms }) => ms)).toEqual([250, 250]);
});

test('the answer to `list` does not restart a service twice', () => {
  const { sleeps, say } = fixture();
  say(killed);
  say({ kind: 'stopped', service: 'dockerd' });
  expect(sleeps).toHaveLength(1);
});

test('a service that is stopped on purpose stays down', async () => {
  const { supervisor, sent, sleeps, say } = fixture();
  say(running);
  const stopped = supervisor.stop('dockerd', 1000);
  expect(sent.at(-1)).toEqual({ kind: 'signal', service: 'dockerd', signal: 15 });
  say({ ...killed, status: { kind: 'code', value: 0 } });
  expect(await stopped).toBe(true);
  expect(supervisor.status().dockerd.state).toBe('stopped');
  expect(sleeps.filter(({ ms }) => ms !== 1000)).toEqual([]);
});

test('says so when a service does not stop in time', async () => {
  const { supervisor, sleeps, say } = fixture();
  say(running);
  const stopped = supervisor.stop('dockerd', 1000);
  sleeps[0]?.wake();
  expect(await stopped).toBe(false);
});

test('what runs with an old configuration is ended, told to nobody, and started again', () => {
  const { supervisor, sent, sleeps, say } = fixture();
  const told: string[] = [];
  supervisor.onRunning((service) => told.push(service));
  supervisor.renew('dockerd');
  say(running);
  /* Once of its own accord, once as the answer to `list`. */
  say(running);
  expect(told).toEqual([]);
  expect(sent).toContainEqual({ kind: 'signal', service: 'dockerd', signal: 15 });
  say({ ...running, service: 'containerd' });
  say(killed);
  expect(sleeps).toHaveLength(1);
  say({ ...running, pid: 8 });
  expect(told).toEqual(['containerd', 'dockerd']);
  expect(sent.filter(({ kind }) => kind === 'signal')).toHaveLength(2);
});

test('what does not run yet starts with the new configuration', () => {
  const { supervisor, sent, say } = fixture();
  supervisor.renew('dockerd');
  say({ kind: 'stopped', service: 'dockerd' });
  say(running);
  expect(sent.filter(({ kind }) => kind === 'signal')).toEqual([]);
});
