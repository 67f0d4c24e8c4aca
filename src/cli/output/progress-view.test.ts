import { expect, test } from 'vitest';
import type { Reporter } from '../../common/reporter.js';
import type { Progress } from '../../vm/index.js';
import { ProgressView } from './progress-view.js';

function recorder(): { reporter: Reporter; said: string[] } {
  const said: string[] = [];
  const reporter: Reporter = {
    step(name) {
      said.push(`begin ${name}`);
      return {
        progress: (detail, fraction) => void said.push(`${name} ${detail} ${fraction?.toFixed(2)}`),
        done: (detail) => void said.push(`${name} done ${detail ?? ''}`.trim()),
        fail: () => void said.push(`${name} failed`),
      };
    },
    warn: (message) => void said.push(`warn ${message}`),
  };
  return { reporter, said };
}

const state = (name: (Progress & { kind: 'state' })['state'], phase?: 'kernel' | 'daemon'): Progress => ({
  kind: 'state',
  state: name,
  atMs: 0,
  ...(phase === undefined ? {} : { phase }),
});

function show(...progress: Progress[]): string[] {
  const { reporter, said } = recorder();
  const view = new ProgressView(reporter);
  for (const one of progress) view.show(one);
  return said;
}

test('a boot', () => {
  const note: Progress = { kind: 'note', text: 'slow' };
  expect(
    show(
      state('verifying'),
      note,
      state('starting'),
      state('booting'),
      state('booting', 'kernel'),
      state('ready'),
    ),
  ).toEqual([
    'begin Verify the image',
    'warn slow',
    'Verify the image done',
    'begin Start the VM',
    'Start the VM done',
    'begin Boot the VM',
    'Boot the VM kernel 0.11',
    'Boot the VM done engine ready',
  ]);
});

test('who comes late sees the boot from there on', () => {
  expect(show(state('booting', 'daemon'), state('ready'))).toEqual([
    'begin Boot the VM',
    'Boot the VM daemon 0.67',
    'Boot the VM done engine ready',
  ]);
});

test('a boot that is given up failed, it is not done', () => {
  expect(show(state('booting'), state('stopping'), state('failed'))).toEqual([
    'begin Boot the VM',
    'Boot the VM failed',
    'begin Stop the VM',
    'Stop the VM failed',
  ]);
});

test('a stop', () => {
  expect(show(state('stopping'), state('stopped'))).toEqual([
    'begin Stop the VM',
    'Stop the VM done stopped',
  ]);
});
