import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { findNativeEngine } from './find-engine.js';

let root = '';

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'bulkhead-find-'));
  vi.stubEnv('XDG_RUNTIME_DIR', root);
  mkdirSync(join(root, 'bulkhead/default/engine'), { recursive: true, mode: 0o700 });
  writeFileSync(join(root, 'bulkhead/default/engine/control.sock'), '');
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(root, { recursive: true });
});

test('an engine in directories of the user alone is found', () => {
  expect(findNativeEngine('default')?.dockerSocket).toBe(join(root, 'bulkhead/default/engine/docker.sock'));
  expect(findNativeEngine('another')).toBeUndefined();
});

test.each(['bulkhead', 'bulkhead/default'])(
  'nobody is asked in %s where another user can have put what answers',
  (directory) => {
    chmodSync(join(root, directory), 0o777);
    expect(() => findNativeEngine('default')).toThrow('others may write to it');
  },
);
