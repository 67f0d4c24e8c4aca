import { expect, test } from 'vitest';
import { serverCommand } from './server-arguments.js';

const program = { loader: '/i/v/ld.so', libraries: '/i/v', program: '/i/v/virtiofsd' };

test('the whole command of a server', () => {
  const hidden = [
    { path: '.local/state/bulkhead', device: '8:1', inode: 12n, identity: '8:1:12:0' },
    { path: 'odd:name', device: '0:40', inode: 2n ** 63n, identity: '0:40:0:0' },
  ];
  const share = { path: '/home/u', readOnly: true, hidden };
  const words = serverCommand('/g/share-guard', program, share, { directory: 3, socket: '/r/share0.sock' });
  expect(words.join(' ').replaceAll(' --', '\n--')).toMatchInlineSnapshot(`
    "/g/share-guard
    --directory 3
    --path /home/u
    --socket /r/share0.sock
    --hide 8:1:12:.local/state/bulkhead
    --hide 0:40:9223372036854775808:odd:name
    -- /i/v/ld.so
    --library-path /i/v /i/v/virtiofsd
    --shared-dir /sys
    --fd 3
    --sandbox namespace
    --seccomp kill
    --modcaps=-mknod:-setfcap:-chown:-dac_read_search:-fsetid
    --translate-uid squash-guest:0:0:4294967295
    --translate-uid squash-host:0:0:4294967295
    --translate-gid squash-guest:0:0:4294967295
    --translate-gid squash-host:0:0:4294967295
    --inode-file-handles=never
    --no-announce-submounts
    --cache auto
    --rlimit-nofile 0
    --log-level info
    --readonly"
  `);
});

test('the server writes unless the share is read-only', () => {
  const share = { path: '/srv', readOnly: false, hidden: [] };
  const words = serverCommand('/g', program, share, { directory: 3, socket: '/s' });
  expect(words).not.toContain('--readonly');
  expect(words).not.toContain('--hide');
});
