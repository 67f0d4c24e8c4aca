import { expect, test } from 'vitest';
import type { Exec } from '../common/exec.js';
import { chooseMirror, debianMirrorIn } from './mirror.js';
import { mmdebstrapArguments, userlandError } from './userland-argv.js';

const aptSays = (stdout: string, exitCode = 0): Exec => ({
  run: async () => ({ stdout, stderr: '', exitCode }),
});

test('the mirror asked for is used; the machine is not asked then', async () => {
  const silent: Exec = { run: () => Promise.reject(new Error('not to be called')) };
  await expect(chooseMirror('http://mirror.test/debian', 'forky', silent)).resolves.toBe(
    'http://mirror.test/debian',
  );
});

test.each([
  'deb [trusted=yes] http://mirror.test/debian forky main',
  'mirror.test',
  'http://a b',
  '--help',
  'http://a"; x',
])('an address that is not just an address is refused: %s', async (address) => {
  await expect(chooseMirror(address, 'forky', aptSays(''))).rejects.toMatchObject({
    code: 'BH_IMAGE_MIRROR_UNREACHABLE',
  });
});

test("without one, the machine's first Debian archive is used, never its security archive or another distribution's", async () => {
  const lines =
    'http://s.test/|Debian|Debian-Security\nhttp://u.test/|Ubuntu|Ubuntu\nhttp://d.test/debian/|Debian|Debian\n';
  expect(debianMirrorIn(lines)).toBe('http://d.test/debian/');
  expect(debianMirrorIn('http://u.test/|Ubuntu|Ubuntu\n')).toBeUndefined();
  await expect(chooseMirror('', 'forky', aptSays(lines))).resolves.toBe('http://d.test/debian/');
  await expect(chooseMirror(undefined, 'forky', aptSays('', 100))).resolves.toBeUndefined();
});

test('the signature check cannot be switched off by the configuration of the machine', () => {
  const args = mmdebstrapArguments({ include: 'runc', strict: false, target: '/t', mirror: undefined });
  expect(args).toContain('--aptopt=APT::Get::AllowUnauthenticated "false"');
  expect(args).toContain('--aptopt=Acquire::AllowInsecureRepositories "false"');
  expect(args).toContain('--aptopt=Acquire::Check-Valid-Until "false"');
  expect(args.slice(-2)).toEqual(['forky', '/t']);
  const strict = mmdebstrapArguments({
    include: 'runc',
    strict: true,
    target: '/t',
    mirror: 'http://m.test/',
  });
  expect(strict).toContain('--aptopt=Acquire::Check-Valid-Until "true"');
  expect(strict.at(-1)).toBe('http://m.test/');
});

// What mmdebstrap 1.3.5 with apt 2.6 printed in each case.
test.each([
  [
    'BH_IMAGE_MIRROR_UNREACHABLE',
    'Connection refused',
    'E: Failed to fetch http://m.test/dists/forky/InRelease  Could not connect to m.test. - connect (111: Connection refused)\nE: mmdebstrap failed to run',
  ],
  [
    'BH_IMAGE_MIRROR_UNREACHABLE',
    'Release file',
    "E: The repository 'http://m.test forky Release' does not have a Release file.\nE: mmdebstrap failed to run",
  ],
  [
    'BH_IMAGE_RELEASE_SIGNATURE',
    'BADSIG',
    "  The following signatures were invalid: BADSIG 6ED0\nE: The repository 'file:/m forky InRelease' is not signed.\nE: mmdebstrap failed to run",
  ],
  [
    'BH_IMAGE_RELEASE_SIGNATURE',
    'NOSPLIT',
    "E: Failed to fetch file:/m/InRelease  Clearsigned file isn't valid, got 'NOSPLIT' (does the network require authentication?)\nE: The repository 'file:/m forky InRelease' is not signed.",
  ],
  [
    'BH_IMAGE_RELEASE_EXPIRED',
    'invalid since 14d',
    'E: Release file for http://m.test/InRelease is expired (invalid since 14d 17h 10min 12s). Updates for this repository will not be applied.',
  ],
  [
    'BH_IMAGE_STEP_FAILED',
    'No space left',
    'dpkg-deb: error: No space left on device\nE: mmdebstrap failed to run',
  ],
  [
    'BH_IMAGE_STEP_FAILED',
    'Unable to locate package',
    'E: Unable to locate package runk\nE: apt-get install --yes failed\nE: mmdebstrap failed to run\n',
  ],
])('%s: %s', (code, reason, output) => {
  const error = userlandError(output);
  expect(error.code).toBe(code);
  expect(error.message).toContain(reason);
  expect(error.message).not.toMatch(/\{\w+\}|\.\./);
});

test('a version the mirror no longer has is a broken pin, and the package is named', () => {
  const output = "E: Version '1.1.0-1' for 'runc' was not found\nE: mmdebstrap failed to run";
  expect(userlandError(output, 'old.json')).toMatchObject({
    code: 'BH_IMAGE_PIN_MISMATCH',
    params: { pin: 'old.json', mismatch: 'the mirror has no runc 1.1.0-1' },
  });
});
