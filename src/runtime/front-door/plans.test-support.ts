import * as fc from 'fast-check';
import type { OverlayStage, Plan, StagedBind } from '../../isolation/plan.js';
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
  owned: fc.boolean(),
  recursive: fc.boolean(),
};
const upper = fc.record({
  parent: path,
  name: name.map((text) => `u${text}`),
  workName: name.map((text) => `w${text}`),
});
const layers = fc
  .record({
    lower: fc.array(path, { minLength: 1, maxLength: 30 }),
    upper: fc.option(upper, { nil: undefined }),
    options: fc.constantFrom('', 'volatile'),
  })
  .map(({ upper: given, ...rest }) => (given === undefined ? rest : { ...rest, upper: given }));
const overlayRoot = fc
  .record({ layers, readonly: fc.boolean() })
  .map((parts) => ({ kind: 'overlay' as const, ...parts.layers, readonly: parts.readonly }));
/** A path within an overlay: no part of it means another one. */
const within = fc.constantFrom('/', '/usr/lib', '/a b');
const bindRoot = fc.record({ kind: fc.constant('bind' as const), readonly: fc.boolean() });

/** Plans as the rules make them: binds numbered from 1, in the order of the mounts that use them. */
export const anyPlan: fc.Arbitrary<Plan> = fc
  .record({
    base: fc.integer({ min: 100_000, max: 2 ** 31 - 65_536 }),
    root: fc.oneof(overlayRoot, bindRoot),
    binds: fc.array(fc.record({ ...flags, overlay: fc.option(fc.record({ layers, within }), { freq: 4 }) }), {
      maxLength: 12,
    }),
    owner: fc.option(fc.record({ uid: fc.nat({ max: 65_535 }), gid: fc.nat({ max: 65_535 }) }), {
      nil: undefined,
    }),
    namespaces: fc.nat({ max: 3 }),
    hostname: fc.string(),
  })
  .map(({ base, root, binds, owner, namespaces, hostname }) => {
    const staged = binds.map(({ overlay, ...bind }, at): StagedBind => {
      const index = at + 1;
      return overlay === null
        ? { index, ...bind, idmap: bind.idmap || bind.owned }
        : {
            index,
            ...bind,
            idmap: false,
            owned: false,
            overlay: { ...overlay.layers, within: overlay.within },
          };
    });
    const pinned = Array.from({ length: namespaces }, (_, at) => binds.length + 1 + at);
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
    const ids = { base, size: 65_536 };
    const shares = owner === undefined ? {} : { owner };
    return { ids, ...shares, root, binds: staged, namespaces: pinned, delegated: [], spec };
  });

/** MOUNT_ATTR_* of linux/mount.h, AT_RECURSIVE of linux/fcntl.h. */
const flagBits: readonly (readonly [keyof typeof flags, number])[] = [
  ['readonly', 0x1],
  ['nosuid', 0x2],
  ['nodev', 0x4],
  ['noexec', 0x8],
  ['idmap', 0x100000],
  ['owned', 0x40000000],
  ['recursive', 0x8000],
];

/** What test/show-plan.c has to print for a plan, written independently of the encoder. */
export function describeOps({ ids, owner, root, binds, namespaces, spec }: Plan): string {
  const lines = [`userns ${ids.base} ${ids.size} ${owner?.uid ?? 0} ${owner?.gid ?? 0}`];
  for (const { index, overlay } of binds)
    if (overlay !== undefined) lines.push(...describeOverlay(index, overlay.within, overlay));
  lines.push(...(root.kind === 'overlay' ? describeOverlay(0, '/', root) : ['root-bind']));
  if (root.readonly) {
    lines.push('mountpoint -1 /proc', ...binds.map(({ index }) => `mountpoint ${index} /binds/b${index}`));
    lines.push('root-readonly');
  }
  for (const bind of binds)
    lines.push(
      `bind ${bind.index} ${flagBits.reduce((sum, [flag, bit]) => sum + (bind[flag] === true ? bit : 0), 0)}`,
    );
  lines.push(...namespaces.map((index) => `bind ${index} 0`));
  const config = serialiseRuntimeSpec(spec);
  lines.push(`config ${Buffer.byteLength(config)} ${config}`);
  return `${lines.join('\n')}\n`;
}

function describeOverlay(index: number, within: string, overlay: OverlayStage): string[] {
  const { lower, upper: given, options } = overlay;
  return [
    ...lower.map((layer) => `layer ${layer}`),
    ...(given === undefined ? [] : [`upper ${given.parent}`]),
    `overlay ${index} ${within} ${given?.name ?? ''} ${given?.workName ?? ''} [${options}]`,
  ];
}
