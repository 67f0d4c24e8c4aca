import { describe, expect, it } from 'vitest';
import type { RuntimeSpec } from '../../oci/runtime-spec.js';
import { planFor, planWithout, refusalFor } from '../testing/expect.js';
import { requestFor } from '../testing/requests.js';
import { containerSpec, privilegedSpec } from '../testing/specs.js';

const hooksOf = (spec: RuntimeSpec) => planFor(requestFor(spec)).spec.hooks;
const program = '/usr/lib/bulkhead/attach-files';

describe('setting-files', () => {
  it('gives a privileged container files that belong to its root', () => {
    const request = requestFor(privilegedSpec());
    const [hook, ...others] = planFor(request).spec.hooks?.createRuntime ?? [];
    expect(others).toEqual([]);
    expect(hook?.path).toBe(program);
    expect(hook?.args?.slice(0, 3)).toEqual(['attach-files', '524288', 'vm/overcommit_memory']);
    expect(planWithout('setting-files', request).spec.hooks?.createRuntime).toBeUndefined();
  });

  it('names settings of the whole machine alone, each once', () => {
    const settings = hooksOf(privilegedSpec())?.createRuntime?.[0]?.args?.slice(2) ?? [];
    expect(new Set(settings).size).toBe(7);
    for (const setting of settings)
      expect(setting).toMatch(/^(vm|kernel|kernel\/keys|net\/netfilter)\/[a-z_]+$/);
  });

  it.each<[string, RuntimeSpec]>([
    ['a container whose settings are read-only', containerSpec()],
    ['a privileged one with read-only settings', withLinux({ readonlyPaths: ['/proc/sys'] })],
    ['a privileged one with masked settings', withLinux({ maskedPaths: ['/proc/sys/'] })],
    [
      'a privileged one with a read-only /proc',
      {
        ...privilegedSpec(),
        mounts: (privilegedSpec().mounts ?? []).map((mount) =>
          mount.type === 'proc' ? { ...mount, options: ['nosuid', 'ro'] } : mount,
        ),
      },
    ],
  ])('leaves %s alone', (_name, spec) => {
    expect(hooksOf(spec)?.createRuntime).toBeUndefined();
  });

  it('is no way in for the same hook from outside', () => {
    const args = ['attach-files', '524288', 'kernel/core_pattern'];
    const request = requestFor({ ...privilegedSpec(), hooks: { createRuntime: [{ path: program, args }] } });
    expect(refusalFor(request)).toMatchObject({ rule: 'hooks', code: 'BH_ISOLATION_HOOK' });
  });
});

function withLinux(linux: Partial<RuntimeSpec['linux']>): RuntimeSpec {
  const spec = privilegedSpec();
  return { ...spec, linux: { ...spec.linux, ...linux } };
}
