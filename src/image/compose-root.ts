import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseElf } from './elf.js';
import { moduleList, type ModuleFile } from './initramfs.js';
import { addLibraries } from './libraries.js';
import { listTree, type Listing } from './listing.js';
import type { Flavour } from './manifest.js';
import { policyKeyPath } from './policy-key.js';
import type { Programs } from './programs.js';
import type { RootRule } from './recipe.js';
import { addNode, selectRoot } from './select-root.js';
import { checkTree } from './tree-checks.js';
import type { Content, ImageTree } from './tree.js';

export interface RootInputs {
  readonly userland: string;
  readonly listing: Listing;
  readonly rules: readonly RootRule[];
  readonly rulesFile: string;
  /** Directory laid over the packages. */
  readonly overlay: string;
  readonly programs: Programs;
  readonly runModules: readonly ModuleFile[];
  readonly probeImage: Buffer;
  readonly flavour: Flavour;
  /** The organization's public key, in PEM. */
  readonly policyKey: string | undefined;
}

const ours = '/usr/lib/bulkhead';
const modulesDir = `${ours}/modules`;

/** Puts the root file system together: packages, our files, our programs. Throws `BH_IMAGE_RULE` where the recipe is violated. */
export async function composeRoot(inputs: RootInputs): Promise<ImageTree> {
  const { userland, listing, programs } = inputs;
  const tree = selectRoot(userland, listing, inputs.rules, inputs.rulesFile);
  for (const [path, node] of await listTree(inputs.overlay))
    addNode(tree, path, node, join(inputs.overlay, path));
  tree.addFile('/etc/ssl/certs/ca-certificates.crt', 0o644, {
    data: await certificateBundle(userland, listing),
  });

  tree.addFile(`${ours}/init`, 0o755, { data: programs.init });
  tree.addFile(`${ours}/port-relay`, 0o755, { data: programs.portRelay });
  tree.addFile(`${ours}/share-place`, 0o755, { data: programs.sharePlace });
  tree.addFile(`${ours}/attach-files`, 0o755, { data: programs.attachFiles });
  tree.addFile(`${ours}/refresh-views`, 0o755, { data: programs.refreshViews });
  tree.addFile(`${ours}/agent-relay`, 0o755, { data: programs.agentRelay });
  tree.addFile(`${ours}/socket-relay`, 0o755, { data: programs.socketRelay });
  tree.addFile(`${ours}/body-pump`, 0o755, { data: programs.bodyPump });
  tree.addFile(`${ours}/publish-port`, 0o755, { data: programs.publishPort });
  tree.addFile(`${ours}/name-server`, 0o755, { data: programs.nameServer });
  tree.addFile(`${ours}/egress-relay`, 0o755, { data: programs.egressRelay });
  tree.addFile(`${ours}/bulkheadd.mjs`, 0o644, { data: programs.daemon });
  tree.addFile('/usr/sbin/runc', 0o755, { data: programs.frontDoor });
  tree.addFile('/usr/share/bulkhead/images/probe.tar', 0o644, { data: inputs.probeImage });
  tree.addFile(`${modulesDir}/run.list`, 0o644, { data: moduleList(modulesDir, inputs.runModules) });
  for (const { name, data } of inputs.runModules) tree.addFile(`${modulesDir}/${name}.ko`, 0o644, { data });
  if (inputs.policyKey !== undefined)
    tree.addFile(policyKeyPath, 0o644, { data: Buffer.from(inputs.policyKey) });
  if (inputs.flavour === 'debug') addShell(tree, userland);

  await addLibraries(tree, userland, listing, async (content) => parseElf(await bytesOf(content)));
  checkTree(tree, inputs.flavour);
  return tree;
}

/** A way in for developers of Bulkhead, and for nobody else; the manifest says so. */
function addShell(tree: ImageTree, userland: string): void {
  tree.addFile('/usr/bin/busybox', 0o755, { file: join(userland, 'usr/bin/busybox') });
  tree.add('/usr/bin/sh', { type: 'symlink', target: 'busybox' });
}

/** What update-ca-certificates would write: the certificates of the package one after the other. */
async function certificateBundle(userland: string, listing: Listing): Promise<Buffer> {
  const paths = [...listing.keys()]
    .filter((path) => /^\/usr\/share\/ca-certificates\/mozilla\/.+\.crt$/.test(path))
    .sort();
  const certificates = await Promise.all(paths.map((path) => readFile(join(userland, path), 'utf8')));
  return Buffer.from(certificates.map((text) => `${text.trim()}\n`).join(''));
}

async function bytesOf(content: Content): Promise<Buffer> {
  return 'data' in content ? content.data : readFile(content.file);
}
