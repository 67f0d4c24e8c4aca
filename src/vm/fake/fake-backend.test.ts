import { testBackendConformance } from '../test-support/backend-conformance.js';
import type { Vm } from '../backend.js';
import { exampleSpec } from '../test-support/example-spec.js';
import { FakeBackend, FakeVm } from './fake-backend.js';

const backend = new FakeBackend(() => undefined);

function fake(vm: Vm): FakeVm {
  if (!(vm instanceof FakeVm)) throw new TypeError('not a fake');
  return vm;
}

testBackendConformance('fake', {
  backend,
  start: () => backend.start(exampleSpec, backend.host, new AbortController().signal),
  say: async (vm, line) => void fake(vm).phasePort.write(`${line}\n`),
  openControlPort: async (vm, open) => fake(vm).openControlPort(open),
  end: async (vm, kind) => fake(vm).end({ kind }),
});
