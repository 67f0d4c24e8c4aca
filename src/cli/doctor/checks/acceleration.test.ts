import { expect, test } from 'vitest';
import { judged } from '../test-support/judged.js';
import { accelerationCheck } from './acceleration.js';

const refused = [{ accelerator: 'kvm' as const, reason: 'why' }];
const slow = { accelerator: 'tcg' as const, refused };
const kvm = { mode: 0o660, owner: 'root', group: 'kvm', openFailure: undefined };
const linux = { platform: 'linux' as const };

test.each([
  [{ ...linux, choice: { accelerator: 'kvm' as const, refused: [] }, kvm }, /^ok: KVM: a tiny guest ran$/],
  [
    { ...linux, choice: slow, kvm: undefined },
    /^warning: .*KVM: why.*no \/dev\/kvm → .*nested virtualization/,
  ],
  [
    { ...linux, choice: slow, kvm: { ...kvm, openFailure: 'EACCES' } },
    /^warning: .*root:kvm, mode 660 → `sudo usermod -aG kvm "\$USER"`/,
  ],
  [
    { ...linux, choice: slow, kvm: { ...kvm, mode: 0o600, group: 'root', openFailure: 'EACCES' } },
    /root:root, mode 600 → `sudo groupadd -f kvm && sudo chgrp kvm .*usermod -aG kvm "\$USER"/,
  ],
  [{ ...linux, choice: slow, kvm: { ...kvm, openFailure: 'ENODEV' } }, /cannot be opened \(ENODEV\)/],
  [{ ...linux, choice: slow, kvm }, /can be opened, but runs no guest/],
  [{ ...linux, choice: undefined, kvm }, /^warning: not tried/],
  [{ platform: 'darwin' as const, choice: slow, kvm: undefined }, /^warning: software emulation/],
])('%#', (facts, text) => {
  expect(judged(accelerationCheck, facts)[0]).toMatch(text);
});
