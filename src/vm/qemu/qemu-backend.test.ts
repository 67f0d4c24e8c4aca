import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { systemExec } from '../../common/exec.js';
import { systemClock } from '../../common/system-clock.js';
import type { Vm } from '../backend.js';
import { testBackendConformance } from '../test-support/backend-conformance.js';
import { exampleSpec } from '../test-support/example-spec.js';
import { QemuBackend } from './qemu-backend.js';

/** Built by `tsc --build`. */
const fakeQemu = fileURLToPath(new URL('../../../dist/vm/test-support/fake-qemu.js', import.meta.url));

let directory = '';
const env: Record<string, string> = {};
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'bulkhead-backend-'));
  const binary = join(directory, 'qemu');
  await writeFile(binary, `#!/bin/sh\nexec ${process.execPath} ${fakeQemu} "$@"\n`);
  await chmod(binary, 0o755);
  env['BULKHEAD_QEMU'] = binary;
});
afterAll(() => rm(directory, { recursive: true }));

/** The cache has a path below a file, so that nothing is kept between tests. */
const options = {
  exec: systemExec,
  clock: systemClock,
  env,
  cacheDir: '/dev/null/cache',
  logger: { warn: () => undefined },
};
const backend = new QemuBackend({ ...options, platform: process.platform });
const { signal } = new AbortController();

async function tell(vm: Vm, line: string): Promise<void> {
  vm.controlPort.write(`${line}\n`);
}

testBackendConformance('qemu', {
  backend,
  start: async () => backend.start({ ...exampleSpec, name: 'puppet' }, await backend.probe(signal), signal),
  say: (vm, line) => tell(vm, `say ${line}`),
  openControlPort: (vm, open) => tell(vm, `port ${open ? 'open' : 'closed'}`),
  end: (vm, kind) => tell(vm, `end ${kind}`),
});

test.each([
  ['linux', ['kvm', 'tcg'], true],
  ['darwin', ['hvf', 'tcg'], false],
  ['win32', ['whpx', 'tcg'], false],
  ['freebsd', ['tcg'], false],
] as const)('what it is capable of on %s', (platform, accelerators, endsWithParent) => {
  expect(new QemuBackend({ ...options, platform }).capabilities).toMatchObject({
    accelerators,
    endsWithParent,
  });
});
