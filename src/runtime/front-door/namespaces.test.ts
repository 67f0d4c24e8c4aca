import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readlinkSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { canStage } from './front-door.test-support.js';
import { lines, useStaging } from './staging.test-support.js';

describe.skipIf(!canStage)('namespaces of another process', () => {
  const staging = useStaging(() => undefined);
  const inode = (link: string) => /\d+/.exec(link)?.[0];

  async function inNamespaces() {
    const child = spawn('unshare', ['-Un', '--map-root-user', 'sh', '-c', 'echo ready; exec cat']);
    await once(child.stdout, 'data');
    const path = (kind: string) => `/proc/${child.pid}/ns/${kind}`;
    const ended = once(child, 'exit');
    return { pid: child.pid, path, name: (kind: string) => readlinkSync(path(kind)), ended };
  }

  test('are described with the user namespace that owns them', async () => {
    const { pid, path, name, ended } = await inNamespaces();
    staging().paths = [staging().layer('merged'), path('net'), path('user'), '/proc/self/ns/user'];
    staging().door.setRunc('exit 0');
    expect(await staging().create('owners')).toMatchObject({ code: 0, log: [] });
    const user = inode(name('user'));
    expect(staging().facts.slice(1)).toMatchObject([
      { realPath: name('net'), namespaceOwner: user, mount: { filesystem: 'nsfs' } },
      { realPath: name('user'), inode: user },
      { realPath: readlinkSync('/proc/self/ns/user') },
    ]);
    execFileSync('kill', ['-9', String(pid)]);
    await ended;
  });

  test('are held, so that runc joins what was judged after the process has ended', async () => {
    const { pid, path, name, ended } = await inNamespaces();
    const judged = name('net');
    staging().paths = [staging().layer('merged'), path('net')];
    // The pid is free from here on: what bears it when runc looks could be anything.
    staging().meanwhile = () => execFileSync('kill', ['-9', String(pid)]);
    staging().change = (plan) => ({ ...plan, namespaces: [1] });
    staging().door.setRunc(
      `cd ${staging().door.directory}/run/stage; stat -c %i b1; nsenter --net=b1 readlink /proc/self/ns/net`,
    );
    const result = await staging().create('swapped');
    await ended;
    expect(result).toMatchObject({ code: 0, log: [], stderr: '' });
    expect(lines(result.stdout)).toEqual([inode(judged), judged]);
  });
});
