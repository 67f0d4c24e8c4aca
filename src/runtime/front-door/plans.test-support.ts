import * as fc from 'fast-check';
import type { Plan, StagedBind } from '../../isolation/plan.js';
import type { Mount } from '../../oci/mounts.js';
import { serialiseRuntimeSpec } from '../../oci/runtime-spec.js';

const name = fc.stringMatching(/^[a-z0-9_][a-zA-Z0-9._-]{0,20}$/);
/** Any path, also with what mount options and JSON would have to escape. */
const path = fc
  .array(fc.string({ unit: 'binary', minLength: 1, maxLength: 8 }), { minLength: 1, maxLength: 4 })
  .map((parts) => `/${parts.join('/').replaceAll(/[\0\n\uD800-\uDFFF]/g, '_')}`);
const flags = {
  readonly: fc.boolean(),
  nosuid: fc.boolean(),
  nodev: fc.boolean(),
  noexec: fc.boolean(),
  idmap: fc.boolean(),
  recursive: fc.boolean(),
};
const overlayRoot = fc.record({
  kind: fc.constant('overlay' as const),
  lower: fc.array(path, { minLength: 1, maxLength: 30 }),
  parent: path,
  upperName: name.map((text) => `u${text}`),
  workName: name.map((text) => `w${text}`),
  options: fc.constantFrom('', 'volatile', 'redirect_dir=on,metacopy=off'),
  readonly: fc.boolean(),
});
const bindRoot = fc.record({ kind: fc.constant('bind' as const), readonly: fc.boolean() });

/** Plans as the rules make them: binds numbered from 1, in the order of the mounts that use them. */
export const anyPlan: fc.Arbitrary<Plan> = fc
  .record({
    base: fc.integer({ min: 100_000, max: 2 ** 31 - 65_536 }),
    root: fc.oneof(overlayRoot, bindRoot),
    binds: fc.array(fc.record(flags), { maxLength: 12 }),
    hostname: fc.string(),
  })
  .map(({ base, root, binds, hostname }) => {
    const staged = binds.map((bind, at): StagedBind => ({ index: at + 1, ...bind }));
    const mounts: Mount[] = [
      { destination: '/proc', type: 'proc', source: 'proc' },
      { destination: '/proc/x', type: 'tmpfs', source: 'x' },
      ...staged.map(({ index }) => ({
        destination: `/binds/./b${index}/`,
        type: 'bind',
        source: `/run/bulkhead/stage/b${index}`,
        options: ['rbind'],
      })),
    ];
    const spec = { ociVersion: '1.2.1', root: { path: '/run/bulkhead/rootfs' }, hostname, mounts, linux: {} };
    return { ids: { base, size: 65_536 }, root, binds: staged, spec };
  });

const flagBits: readonly (readonly [keyof typeof flags, number])[] = [
  ['readonly', 1],
  ['nosuid', 2],
  ['nodev', 4],
  ['noexec', 8],
  ['idmap', 16],
  ['recursive', 32],
];

/** What test/show-plan.c has to print for a plan, written independently of the encoder. */
export function describeOps({ ids, root, binds, spec }: Plan): string {
  const lines = [`userns ${ids.base} ${ids.size}`];
  if (root.kind === 'overlay') {
    lines.push(...root.lower.map((layer) => `layer ${layer}`), `upper ${root.parent}`);
    lines.push(`overlay ${root.upperName} ${root.workName} [${root.options}]`);
  } else lines.push('root-bind');
  if (root.readonly) {
    lines.push('mountpoint -1 /proc', ...binds.map(({ index }) => `mountpoint ${index} /binds/b${index}`));
    lines.push('root-readonly');
  }
  for (const bind of binds)
    lines.push(
      `bind ${bind.index} ${flagBits.reduce((sum, [flag, bit]) => sum + (bind[flag] ? bit : 0), 0)}`,
    );
  const config = serialiseRuntimeSpec(spec);
  lines.push(`config ${Buffer.byteLength(config)} ${config}`);
  return `${lines.join('\n')}\n`;
}
