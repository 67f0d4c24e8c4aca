import { describe, expect, it } from 'vitest';
import type { Hooks } from '../../oci/hooks.js';
import { planFor, planWithout, refusalFor } from '../testing/expect.js';
import { requestFor } from '../testing/requests.js';
import { buildSpec, containerSpec } from '../testing/specs.js';

const [setKey] = buildSpec().hooks?.prestart ?? [];
if (setKey === undefined) throw new Error('the build specification has a hook');

const hooked = (hooks: Hooks) => requestFor({ ...containerSpec(), hooks });

describe('hooks', () => {
  it("keep the engine's own", () => {
    expect(planFor(hooked({ prestart: [setKey], poststop: [] })).spec.hooks?.prestart).toEqual([setKey]);
  });

  it.each<[string, Hooks]>([
    ['another program', { prestart: [{ ...setKey, path: '/usr/bin/nvidia-ctk' }] }],
    ['another program of the VM', { prestart: [{ ...setKey, path: '/proc/1/root/exe' }] }],
    ['the same at another time', { createRuntime: [setKey] }],
    ['the same after the end', { poststop: [setKey] }],
    ['another verb', { prestart: [{ ...setKey, args: ['docker-untar', ...(setKey.args ?? []).slice(1)] }] }],
    [
      'another exec root',
      { prestart: [{ ...setKey, args: ['libnetwork-setkey', '-exec-root=/tmp', 'a', 'b'] }] },
    ],
    ['one more argument', { prestart: [{ ...setKey, args: [...(setKey.args ?? []), '-x'] }] }],
    ['an environment', { prestart: [{ ...setKey, env: ['LD_PRELOAD=/x'] }] }],
    ['a second one', { prestart: [setKey, { path: '/bin/sh' }] }],
  ])('refuse %s', (_name, hooks) => {
    expect(refusalFor(hooked(hooks))).toMatchObject({ rule: 'hooks', code: 'BH_ISOLATION_HOOK' });
    expect(planWithout('hooks', hooked(hooks)).spec.hooks).toEqual(hooks);
  });
});
