import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, rename, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { codeOf } from '../../dist/common/cause.js';
import { systemExec } from '../../dist/common/exec.js';
import { cacheRoot } from '../../dist/image/cache.js';
import { chooseMirror } from '../../dist/image/mirror.js';
import { mmdebstrapArguments, suiteName } from '../../dist/image/userland-argv.js';
import type { Docker } from './docker.ts';

/** An image made of Debian packages on this machine, because tests pull from no registry. */
export interface Recipe extends ImageShape {
  readonly suite: string;
  readonly packages: readonly string[];
}

/** An image of the files of another, without those named, or of none but those: an engine takes seconds to import all, one under TCG for ten megabytes. */
interface Excerpt extends ImageShape {
  readonly of: Recipe;
  /** Patterns of tar, from `./`. */
  readonly without: readonly string[];
  /** Members, from `./`. */
  readonly only?: readonly string[];
}

interface ImageShape {
  readonly name: string;
  /** Path to content. */
  readonly files: Readonly<Record<string, string>>;
  /** Path to where it points; only where nothing is yet. */
  readonly links: Readonly<Record<string, string>>;
  /** Dockerfile instructions of `docker import`. */
  readonly changes: readonly string[];
}

/** No maintainer script runs: what one would have made of the accounts. */
export const accounts = {
  'etc/passwd': [
    'root:x:0:0:root:/root:/bin/sh',
    'messagebus:x:101:101::/:/usr/sbin/nologin',
    'nobody:x:65534:65534:nobody:/:/usr/sbin/nologin',
    '',
  ].join('\n'),
  'etc/group': 'root:x:0:\nadm:x:4:\ntty:x:5:\ndisk:x:6:\nutmp:x:43:\nmessagebus:x:101:\nnogroup:x:65534:\n',
  'etc/nsswitch.conf': 'passwd: files\ngroup: files\nhosts: files dns\n',
};

const busybox = ['grep', 'sed', 'find', 'awk', 'xargs', 'tar', 'gzip', 'nc', 'wget', 'hostname', 'ps'];

/** An engine of the very version in the VM, its client and build plug-in, a registry, podman and skopeo: all that runs containers inside one, or fetches images there. */
export const engineRecipe: Recipe = {
  name: 'bulkhead-test/engine',
  suite: suiteName,
  packages: (
    'docker.io docker-cli docker-buildx containerd runc iptables docker-registry podman skopeo crun fuse-overlayfs netavark ' +
    'nftables iproute2 procps util-linux mount bash coreutils busybox-static'
  ).split(' '),
  files: {
    ...accounts,
    'etc/docker/registry/config.yml':
      'version: 0.1\nstorage: {filesystem: {rootdirectory: /var/lib/docker/registry}}\nhttp: {addr: "127.0.0.1:5000"}\n',
    'etc/containers/containers.conf': '[engine]\ncgroup_manager = "cgroupfs"\nevents_logger = "file"\n',
  },
  links: {
    'usr/bin/sh': 'bash',
    'usr/sbin/iptables': 'xtables-nft-multi',
    'usr/sbin/ip6tables': 'xtables-nft-multi',
    ...Object.fromEntries(busybox.map((program) => [`usr/bin/${program}`, 'busybox'])),
  },
  changes: ['VOLUME /var/lib/docker', 'VOLUME /var/lib/containers', 'ENV PODMAN_IGNORE_CGROUPSV1_WARNING=1'],
};

/** podman and what mounts and makes devices: what of the engine image a VM can load in half a minute. */
export const insideRecipe: Excerpt = {
  name: 'bulkhead-test/inside',
  of: engineRecipe,
  without: [
    './usr/libexec/docker',
    './usr/libexec/podman',
    './usr/lib/podman/netavark-*',
    './usr/lib/containerd',
    './usr/lib/cni',
    './usr/lib/gnupg',
    './usr/lib/x86_64-linux-gnu/gconv',
    './usr/share/[a-bd-z]*',
    './var/lib/dpkg',
    '*.a',
    ...'containerd containerd-shim-runc-v2 ctr docker docker-init docker-proxy docker-registry dockerd'.split(
      ' ',
    ),
    ...'dirmngr fs-idmap gpg gpg-agent gpgsm pidfd-kill recvtty remap-rootfs runc sd-helper seccompagent skopeo'.split(
      ' ',
    ),
  ].map((path) => (/^[.*]/.test(path) ? path : `./usr/*bin/${path}`)),
  files: {},
  links: {},
  changes: engineRecipe.changes,
};

/** A registry, a Docker client, and nothing but what these two need. */
export const registryRecipe: Excerpt = {
  name: 'bulkhead-test/registry',
  of: engineRecipe,
  without: [],
  only: [
    './etc/docker/registry/config.yml',
    './lib64',
    './usr/bin/docker',
    './usr/bin/docker-registry',
    './usr/lib/x86_64-linux-gnu/ld-linux-x86-64.so.2',
    './usr/lib/x86_64-linux-gnu/libc.so.6',
    './usr/lib64/ld-linux-x86-64.so.2',
  ],
  files: { 'etc/passwd': accounts['etc/passwd'] },
  links: {},
  changes: ['VOLUME /var/lib/docker'],
};

/** systemd as PID 1. Since 258 it runs on cgroup v2 alone, so machines with v1 get that of Debian 12. */
export function systemdRecipe(cgroupVersion: 1 | 2): Recipe {
  return {
    name: 'bulkhead-test/systemd',
    suite: cgroupVersion === 1 ? 'bookworm' : suiteName,
    packages: ['systemd', 'systemd-sysv', 'dbus', 'bash', 'coreutils', 'mount', 'util-linux'],
    // An empty machine-id is how images say that this is no first boot, which asks questions.
    files: { ...accounts, 'etc/machine-id': '' },
    links: { 'usr/bin/sh': 'bash' },
    changes: ['ENV container=docker', 'STOPSIGNAL SIGRTMIN+3', 'CMD ["/sbin/init"]'],
  };
}

/** Puts the image into the engine, unpacking packages only when no earlier run has. About 4 s then, 40 s the first time. */
export async function importTestImage(docker: Docker, recipe: Recipe | Excerpt): Promise<string> {
  if ((await docker.run(['image', 'inspect', recipe.name])).status !== 0) {
    const changes = recipe.changes.flatMap((change) => ['--change', change]);
    await docker.ok(['import', ...changes, await archiveOf(recipe), recipe.name]);
  }
  return recipe.name;
}

/** Its files, as tar has them. */
export async function archiveOf(recipe: Recipe | Excerpt): Promise<string> {
  const parent = join(cacheRoot(), 'test-images');
  const key = createHash('sha256').update(JSON.stringify(recipe)).digest('hex').slice(0, 16);
  const archive = join(parent, `${key}.tar`);
  const made = await stat(archive).catch(() => undefined);
  if (made !== undefined) return archive;
  await mkdir(parent, { recursive: true });
  const work = await mkdtemp(join(parent, 'making-'));
  try {
    const root = join(work, 'root');
    const excerpt = 'of' in recipe;
    await (excerpt ? unpackArchive(await archiveOf(recipe.of), root, recipe.only) : unpack(recipe, root));
    await finish(recipe, root);
    const without = [
      ...(excerpt ? recipe.without : []),
      './dev/*',
      './var/cache/apt',
      './var/lib/apt',
      './etc/apt',
      './usr/share/doc',
      './usr/share/man',
      './usr/share/locale',
    ];
    await execa('tar', [
      '-c',
      '-C',
      root,
      ...without.map((path) => `--exclude=${path}`),
      '-f',
      join(work, 'tar'),
      '.',
    ]);
    await rename(join(work, 'tar'), archive);
  } finally {
    await rm(work, { recursive: true, force: true });
  }
  return archive;
}

async function unpack({ suite, packages }: Recipe, target: string): Promise<void> {
  const mirror = await chooseMirror(process.env['BULKHEAD_APT_MIRROR'], suite, systemExec);
  const usual = mmdebstrapArguments({ include: packages.join(','), strict: false, target, mirror });
  // Packages of Debian 12 do not bring these links themselves.
  const merge =
    '--setup-hook=for d in bin sbin lib lib64; do mkdir -p "$1/usr/$d"; ln -s "usr/$d" "$1/$d"; done';
  await execa('mmdebstrap', [merge, ...usual.map((argument) => (argument === suiteName ? suite : argument))]);
}

async function unpackArchive(
  archive: string,
  target: string,
  members: readonly string[] = [],
): Promise<void> {
  await mkdir(target);
  await execa('tar', ['-x', '-p', '-f', archive, '-C', target, ...members]);
}

async function finish({ files, links }: ImageShape, root: string): Promise<void> {
  for (const [path, content] of Object.entries(files)) {
    await mkdir(join(root, path, '..'), { recursive: true });
    await writeFile(join(root, path), content);
  }
  for (const [path, target] of Object.entries(links)) {
    await symlink(target, join(root, path)).catch((error: unknown) => {
      if (codeOf(error) !== 'EEXIST') throw error;
    });
  }
}
