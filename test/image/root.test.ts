import { lstat, readdir, readFile } from 'node:fs/promises';
import { basename, join, posix } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { goldenList } from '../../src/image/golden.js';
import { listTree, type Listing } from '../../src/image/listing.js';
import { mountRoot } from './mounted-root.js';

let mounted: Awaited<ReturnType<typeof mountRoot>>;
let listing: Listing;

beforeAll(async () => {
  mounted = await mountRoot(inject('imageDir'));
  listing = await listTree(mounted.path);
});

afterAll(() => mounted[Symbol.asyncDispose]());

const files = (): readonly string[] =>
  [...listing].filter(([, node]) => node.type === 'file').map(([path]) => path);
const read = (path: string): Promise<Buffer> => readFile(join(mounted.path, path));

/** Everything, including what `listTree` leaves out. */
async function allPaths(dir = ''): Promise<readonly string[]> {
  const entries = await readdir(join(mounted.path, dir), { withFileTypes: true });
  const nested = await Promise.all(
    entries.map(async (entry) => {
      const path = `${dir}/${entry.name}`;
      return entry.isDirectory() ? [path, ...(await allPaths(path))] : [path];
    }),
  );
  return nested.flat();
}

test('the files are those of the reviewed list (after a deliberate change: vitest run --project image -u)', async () => {
  await expect(goldenList(listing)).toMatchFileSnapshot('../../vm-image/golden-files.txt');
});

describe('who may do what', () => {
  test('only files, directories and links; all of root; nothing setuid; nothing writable by others but /tmp', async () => {
    for (const path of ['', ...(await allPaths())]) {
      const found = await lstat(join(mounted.path, path));
      expect.soft([path, found.uid, found.gid]).toEqual([path, 0, 0]);
      expect.soft(found.isFile() || found.isDirectory() || found.isSymbolicLink(), path).toBe(true);
      if (found.isSymbolicLink()) continue;
      expect.soft(found.mode & 0o6000, `${path} is setuid or setgid`).toBe(0);
      expect.soft(found.mode & 0o022, `${path} is writable by others`).toBe(path === '/tmp' ? 0o022 : 0);
    }
    expect((await lstat(join(mounted.path, 'tmp'))).mode & 0o7777).toBe(0o1777);
  });

  test('no file has capabilities or any other extended attribute', async () => {
    const { stdout } = await execa('python3', ['-c', listAttributes, mounted.path]);
    expect(stdout).toBe('');
  });

  test('only two accounts, neither with a password nor a shell', async () => {
    const accounts = (await read('/etc/passwd'))
      .toString()
      .trim()
      .split('\n')
      .map((line) => line.split(':'));
    expect(accounts.map(([name, , uid]) => [name, uid])).toEqual([
      ['root', '0'],
      ['nobody', '65534'],
    ]);
    for (const account of accounts) {
      expect(account[1]).toBe('x');
      expect(listing.has(account.at(-1) ?? '')).toBe(false);
    }
    expect(listing.has('/etc/shadow')).toBe(false);
  });
});

const listAttributes = `
import os, sys
for dir, dirs, files in os.walk(sys.argv[1]):
    for name in dirs + files:
        path = os.path.join(dir, name)
        if os.listxattr(path, follow_symlinks=False): print(path)
`;

describe('what can be executed', () => {
  const forbidden =
    /^(ba|da|a|k|z|tc|fi)?sh$|^(busybox|toybox|apt.*|dpkg.*|login|su|sudo|sshd?|getty|agetty|passwd|perl.*|python.*|[gm]?awk|docker|ctr|crun|nsenter|unshare|chroot|env|systemctl|mount|umount|modprobe|insmod|containerd-shim-runc-fp.*|nft)$/;

  test('no shell, package manager, login or second runtime by name', () => {
    const found = [...listing].filter(
      ([path, node]) => node.type !== 'directory' && forbidden.test(basename(path)),
    );
    // The account database has the name of a program that changes it.
    expect(found.map(([path]) => path)).toEqual(['/etc/passwd']);
  });

  test('no shell by content, and no script', async () => {
    const marks = ['BusyBox v', 'GNU bash', 'MIRBSD KSH', 'EXINIT', 'zsh: ', 'Toybox '].map((mark) =>
      Buffer.from(mark),
    );
    for (const path of files()) {
      const bytes = await read(path);
      expect.soft(bytes.subarray(0, 2).toString('latin1'), `${path} is a script`).not.toBe('#!');
      // The probe image is data for containers; the engine unpacks it, nothing in the VM executes it from there.
      if (path === '/usr/share/bulkhead/images/probe.tar') continue;
      expect.soft(marks.filter((mark) => bytes.includes(mark)).map(String), path).toEqual([]);
    }
  });

  test('every ELF file with an execute bit is one of these', () => {
    const programs = files().filter((path) => {
      const node = listing.get(path);
      return node?.type === 'file' && (node.mode & 0o111) !== 0 && !/\.so(\.|$)/.test(path);
    });
    expect(programs.sort()).toEqual(
      [
        '/usr/bin/containerd /usr/bin/containerd-shim-runc-v2 /usr/bin/node /usr/bin/ps /usr/bin/tini-static',
        '/usr/lib/bulkhead/agent-relay /usr/lib/bulkhead/attach-files /usr/lib/bulkhead/body-pump /usr/lib/bulkhead/egress-relay /usr/lib/bulkhead/init /usr/lib/bulkhead/name-server /usr/lib/bulkhead/port-relay /usr/lib/bulkhead/publish-port /usr/lib/bulkhead/refresh-views /usr/lib/bulkhead/runc /usr/lib/bulkhead/share-place /usr/lib/bulkhead/socket-relay',
        '/usr/sbin/docker-proxy /usr/sbin/dockerd /usr/sbin/e2fsck /usr/sbin/mke2fs /usr/sbin/runc /usr/sbin/xtables-nft-multi',
      ].flatMap((line) => line.split(' ')),
    );
  });

  test('every library a program asks for is there (readelf, not our own parser)', async () => {
    const libraries = new Set(
      [...listing.keys()]
        .filter((path) => /^\/usr\/lib(64|\/x86_64-linux-gnu)?\/[^/]+$/.test(path))
        .map((path) => basename(path)),
    );
    let checked = 0;
    for (const path of files().filter((name) => !name.endsWith('.ko') && !name.startsWith('/etc/'))) {
      const { stdout, exitCode } = await execa('readelf', ['-d', join(mounted.path, path)], {
        reject: false,
      });
      if (exitCode !== 0) continue;
      for (const [, name] of stdout.matchAll(/\(NEEDED\).*\[(.+)\]/g)) {
        checked += 1;
        expect.soft(libraries, `${path} needs ${name}`).toContain(name);
      }
    }
    expect(checked).toBeGreaterThan(100);
  });

  test('no link leads nowhere, except into what is mounted at run time', () => {
    const links = [...listing].flatMap(([path, node]) =>
      node.type === 'symlink' ? [{ path, target: posix.resolve(posix.dirname(path), node.target) }] : [],
    );
    const dangling = links.filter(({ target }) => !/^\/(run|proc)\b/.test(target) && !listing.has(target));
    expect(links.length).toBeGreaterThan(10);
    expect(dangling).toEqual([]);
  });
});

test('programs of the packages run: their loader, libraries and data are complete', async () => {
  const run = async (...argv: readonly string[]) => {
    const { exitCode, stdout } = await execa('chroot', [mounted.path, ...argv], {
      reject: false,
      env: { PATH: '/usr/sbin:/usr/bin' },
      extendEnv: false,
    });
    return `${exitCode} ${stdout}`;
  };
  expect(await run('/usr/sbin/dockerd', '--version')).toMatch(/^0 Docker version 2[89]\./);
  expect(await run('/usr/bin/containerd', '--version')).toMatch(/^0 containerd/);
  expect(await run('/usr/lib/bulkhead/runc', '--version')).toMatch(/^0 runc version 1\.(3\.[6-9]|[4-9])/);
  expect(await run('/usr/sbin/iptables', '--version')).toMatch(/^0 iptables .*nf_tables/);
  expect(
    await run(
      '/usr/bin/node',
      '--eval',
      "import('node:http2').then(() => console.log(process.version, typeof fetch))",
    ),
  ).toMatch(/^0 v24\.\S+ function/);
});

test('certificates of the package are bundled for dockerd', async () => {
  const bundle = (await read('/etc/ssl/certs/ca-certificates.crt')).toString();
  expect(bundle.match(/BEGIN CERTIFICATE/g)?.length).toBeGreaterThan(100);
  expect(bundle).not.toContain('END CERTIFICATE----------');
});

test('modules are listed in load order and all there', async () => {
  const paths = (await read('/usr/lib/bulkhead/modules/run.list')).toString().trim().split('\n');
  expect(new Set(paths).size).toBe(paths.length);
  for (const path of paths) expect.soft(listing.has(path), path).toBe(true);
  expect(paths.indexOf('/usr/lib/bulkhead/modules/nf_conntrack.ko')).toBeLessThan(
    paths.indexOf('/usr/lib/bulkhead/modules/nf_nat.ko'),
  );
});
