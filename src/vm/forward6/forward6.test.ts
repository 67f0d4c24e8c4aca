import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';

const build = mkdtempSync(join(tmpdir(), 'bulkhead-forward6-'));
const library = join(build, 'forward6.so');
const directory = join(build, 'places');
/** With room for 64 descriptors and two ports. */
const small = join(build, 'small/forward6.so');

beforeAll(() => {
  const made = spawnSync('make', ['-s', '-C', import.meta.dirname, `BUILD=${build}`], { encoding: 'utf8' });
  if (made.status !== 0) throw new Error(made.stderr);
  const less = [`BUILD=${dirname(small)}`, 'CC=gcc -DMOST=64 -DFIRST_PORT=65534'];
  const other = spawnSync('make', ['-s', '-C', import.meta.dirname, ...less], { encoding: 'utf8' });
  if (other.status !== 0) throw new Error(other.stderr);
  mkdirSync(directory);
  symlinkSync('[::1]:8080', join(directory, '127.6.0.1:8080'));
  symlinkSync('[::]:8081', join(directory, '127.6.0.2:8081'));
  symlinkSync('[not an address]:8082', join(directory, '127.6.0.3:8082'));
  symlinkSync('[::1]:8080', join(directory, '127.7.0.1:8080'));
});
afterAll(() => rmSync(build, { recursive: true }));

const beginning = `use strict; use Socket qw(:all); $| = 1;
  sub at4 { my ($of) = @_; return $! unless defined $of; my ($port, $address) = unpack_sockaddr_in($of); inet_ntoa($address) . ":$port" }
  sub listening { socket(my $s, AF_INET, SOCK_STREAM, 0) or die; print bind($s, sockaddr_in($_[1], inet_aton($_[0]))) ? "bound\\n" : "$!\\n"; listen($s, 9) or die; $s }
  sub client { socket(my $c, AF_INET6, SOCK_STREAM, 0) or die; setsockopt($c, SOL_SOCKET, SO_REUSEADDR, 1); bind($c, pack_sockaddr_in6($_[1], inet_pton(AF_INET6, $_[0]))) or die "bind: $!"; connect($c, pack_sockaddr_in6($_[3], inet_pton(AF_INET6, $_[2]))) or die "connect: $!"; $c }
`;

/** What a program says that does this in a network of its own with two addresses of IPv6, line by line; perl calls the C library as libslirp does. */
function said(script: string, loaded = library): string[] {
  const mapped = process.getuid?.() === 0 ? [] : ['--map-root-user'];
  const network =
    'ip link set lo up && ip -6 address add fd00::2/128 dev lo nodad && LD_PRELOAD="$0" exec "$@"';
  const words = ['--net', ...mapped, '/bin/sh', '-c', network, loaded, '/usr/bin/perl', '-e'];
  const { stdout, stderr } = spawnSync('/usr/bin/unshare', [...words, `${beginning}${script}`], {
    encoding: 'utf8',
    env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', LC_ALL: 'C', FORWARD6_DIRECTORY: directory },
  });
  expect(stderr).toBe('');
  return stdout.trimEnd().split('\n');
}

test('a socket that is bound to the name listens at the IPv6 address that is meant, and goes by its name', () => {
  const script = `my $s = listening("127.6.0.1", 8080); print at4(getsockname $s), "\\n";
    client("::1", 0, "::1", 8080); print "connected\\n";
    socket(my $c, AF_INET, SOCK_STREAM, 0) or die; print connect($c, sockaddr_in(8080, inet_aton("127.6.0.1"))) ? "by IPv4 as well\\n" : "$!\\n"`;
  expect(said(script)).toEqual(['bound', '127.6.0.1:8080', 'connected', 'Connection refused']);
});

test('whoever connects is the loopback, each by a port of its own: two of one port that have different addresses are not taken for one another', () => {
  const script = `my $s = listening("127.6.0.2", 8081);
    my @clients = map { client($_, 40000, $_, 8081) } ("::1", "fd00::2");
    for my $client (@clients) { my $from = accept(my $taken, $s); print at4($from), "\\n"; $client = $taken }
    my $again = client("::1", 0, "::1", 8081); close $clients[0]; print at4(accept(my $third, $s)), "\\n"`;
  const [, ...addresses] = said(script);
  expect(addresses).toHaveLength(3);
  expect(addresses.map((address) => address.replace(/:\d+$/, ''))).toEqual(Array(3).fill('127.0.0.1'));
  expect(new Set(addresses).size).toBe(3);
});

test.each([
  ['no link says what is meant', '127.6.9.9', 8080, 'Cannot assign requested address'],
  ['the link has no address', '127.6.0.3', 8082, 'Cannot assign requested address'],
  ['it is another address of the loopback', '127.7.0.1', 8080, 'bound'],
])('%s', (_, address, port, answer) => {
  expect(said(`listening("${address}", ${port})`)).toEqual([answer]);
});

test('one that somebody listens at is refused as ever, and datagrams and other sockets are left alone', () => {
  const taken = `socket(my $six, AF_INET6, SOCK_STREAM, 0) or die; bind($six, pack_sockaddr_in6(8080, inet_pton(AF_INET6, "::1"))) or die; listen($six, 9) or die;`;
  expect(said(`${taken} listening("127.6.0.1", 8080)`)).toEqual(['Address already in use']);
  const datagrams = `socket(my $d, AF_INET, SOCK_DGRAM, 0) or die; bind($d, sockaddr_in(8080, inet_aton("127.6.0.1"))) or die; print at4(getsockname $d), "\\n";`;
  expect(said(datagrams)).toEqual(['127.6.0.1:8080']);
  const own = `${taken} client("::1", 40000, "::1", 8080); my ($port) = unpack_sockaddr_in6(accept(my $t, $six)); print "$port\\n"`;
  expect(said(own)).toEqual(['40000']);
});

test('nobody else is let have a port of datagrams as well; what listens may be followed at once as ever', () => {
  const script = `for my $type (SOCK_DGRAM, SOCK_STREAM) {
    socket(my $s, AF_INET, $type, 0) or die; bind($s, sockaddr_in(8090, INADDR_LOOPBACK)) or die; setsockopt($s, SOL_SOCKET, SO_REUSEADDR, 1) or die;
    print unpack("i", getsockopt($s, SOL_SOCKET, SO_REUSEADDR)), "\n" }`;
  expect(said(script)).toEqual(['0', '1']);
});

test('a socket there is no room for is refused, and does not listen at the name', () => {
  const script = `socket(my $s, AF_INET, SOCK_STREAM, 0) or die; syscall(33, fileno $s, 64) == 64 or die "$!"; open(my $high, "+<&=", 64) or die;
    print bind($high, sockaddr_in(8080, inet_aton("127.6.0.1"))) ? at4(getsockname $high) : $!, "\n"`;
  expect(said(script, small)).toEqual(['Too many open files']);
});

test('a connection for which there is no port is none; one that is closed gives its port back, whatever has its descriptor', () => {
  const script = `my $s = listening("127.6.0.1", 8080); my (@clients, @held);
    sub next_one { push @clients, client("::1", 0, "::1", 8080); print at4(accept(my $taken, $s) || undef), "\n"; push @held, $taken }
    next_one() for 1 .. 3; close $held[0]; open(my $other, "<", "/dev/null") or die; next_one(); next_one()`;
  expect(said(script, small)).toEqual([
    'bound',
    '127.0.0.1:65535',
    '127.0.0.1:65534',
    'Too many open files',
    '127.0.0.1:65535',
    'Too many open files',
  ]);
});
