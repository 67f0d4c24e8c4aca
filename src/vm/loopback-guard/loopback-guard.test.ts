import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';

const build = mkdtempSync(join(tmpdir(), 'bulkhead-loopback-'));
const library = join(build, 'loopback-guard.so');
const server = createServer((socket) => socket.destroy());
let port = 0;

beforeAll(async () => {
  const made = spawnSync('make', ['-s', '-C', import.meta.dirname, `BUILD=${build}`], { encoding: 'utf8' });
  if (made.status !== 0) throw new Error(made.stderr);
  await new Promise<void>((resolve) => server.listen({ port: 0, host: '::', ipv6Only: false }, resolve));
  const address = server.address();
  if (typeof address !== 'object' || address === null) throw new Error('no address');
  port = address.port;
});
afterAll(() => {
  server.close();
  rmSync(build, { recursive: true });
});

const beginning =
  'use strict; use Socket qw(:all); sub said { print defined $_[0] && $_[0] ? "yes\\n" : "$!\\n" } ';
const at4 = (address: string, number: number) => `sockaddr_in(${number}, inet_aton("${address}"))`;
const at6 = (address: string, number: number) =>
  `pack_sockaddr_in6(${number}, inet_pton(AF_INET6, "${address}"))`;
const connecting = (family: string, to: string) =>
  `socket(my $s, ${family}, SOCK_STREAM, 0) or die; said(connect($s, ${to}));`;
const sending = (family: string, to: string) =>
  `socket(my $s, ${family}, SOCK_DGRAM, 0) or die; said(send($s, "x", 0, ${to}));`;

/** What a program says that does this, line by line; perl calls the C library as libslirp does. */
function said(script: string, guarded: boolean, wrapped: readonly string[] = []): string[] {
  const command = [...wrapped, '/usr/bin/perl', '-e', `${beginning}${script}`];
  const { stdout, stderr } = spawnSync('/usr/bin/env', command, {
    encoding: 'utf8',
    env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', LC_ALL: 'C', ...(guarded ? { LD_PRELOAD: library } : {}) },
  });
  expect(stderr).toBe('');
  return stdout.trimEnd().split('\n');
}

test.each(['127.0.0.1', '127.9.9.9', '0.0.0.0'])('no connection and no datagram to %s', (address) => {
  for (const script of [connecting('AF_INET', at4(address, port)), sending('AF_INET', at4(address, port))]) {
    expect(said(script, true)).toEqual(['No route to host']);
    expect(said(script, false)).toEqual(['yes']);
  }
});

test.each(['::1', '::ffff:127.0.0.1', '::'])('nor by IPv6, to %s', (address) => {
  for (const script of [
    connecting('AF_INET6', at6(address, port)),
    sending('AF_INET6', at6(address, port)),
  ]) {
    expect(said(script, true)).toEqual(['No route to host']);
    expect(said(script, false)).toEqual(['yes']);
  }
});

test('other addresses, other families and sockets that are connected already are left alone', () => {
  const elsewhere = said(sending('AF_INET', at4('192.0.2.1', 9)), false);
  expect(said(sending('AF_INET', at4('192.0.2.1', 9)), true)).toEqual(elsewhere);
  const pair = 'socketpair(my $a, my $b, AF_UNIX, SOCK_STREAM, 0) or die; said(send($a, "x", 0));';
  expect(said(pair, true)).toEqual(['yes']);
});

/** A published socket is asked, and answers; then it sends to another port, and so does a socket that was not asked; at last another gets the descriptor of the first. */
const answering = `
  socket(my $asker, AF_INET, SOCK_DGRAM, 0) or die; bind($asker, ${at4('127.0.0.1', 0)}) or die;
  socket(my $published, AF_INET, SOCK_DGRAM, 0) or die; bind($published, ${at4('127.0.0.1', 0)}) or die;
  my $number = fileno $published;
  if (fork() == 0) { $ENV{LD_PRELOAD} = ''; exec '/usr/bin/perl', '-e', 'use Socket; open(my $s, "+<&=", $ARGV[0]) or die; defined(send($s, "?", 0, pack("H*", $ARGV[1]))) or die', fileno($asker), unpack("H*", getsockname $published) }
  wait;
  my $from = recv($published, my $text, 9, 0);
  said(send($published, "!", 0, $from));
  said(send($published, "!", 0, ${at4('127.0.0.1', 9)}));
  socket(my $other, AF_INET, SOCK_DGRAM, 0) or die;
  said(send($other, "!", 0, $from));
  close $published;
  socket(my $next, AF_INET, SOCK_DGRAM, 0) or die; fileno($next) == $number or die;
  said(send($next, "!", 0, $from));`;

test('a socket that was asked from the loopback answers who asked, and nobody else', () => {
  const script = `use Fcntl; $^F = 20; ${answering}`;
  const refused = 'No route to host';
  expect(said(script, true)).toEqual(['yes', refused, refused, refused]);
  expect(said(script, false)).toEqual(['yes', 'yes', 'yes', 'yes']);
});

test("the host's name server is asked where it listens on the loopback, at its port and address alone", () => {
  const file = join(build, 'resolv.conf');
  writeFileSync(file, 'search example\nnameserver 192.0.2.1\nnameserver 127.0.0.53\n');
  const mapped = process.getuid?.() === 0 ? [] : ['--map-root-user'];
  const bound = 'mount --bind "$0" /etc/resolv.conf && exec "$@"';
  const inNamespace = ['/usr/bin/unshare', '--mount', ...mapped, '/bin/sh', '-c', bound, file];
  const ask = (address: string, number: number) =>
    said(sending('AF_INET', at4(address, number)), true, inNamespace);
  expect(ask('127.0.0.53', 53)).toEqual(['yes']);
  for (const [address, number] of [
    ['127.0.0.53', 54],
    ['127.0.0.1', 53],
  ] as const)
    expect(ask(address, number)).toEqual(['No route to host']);
});
