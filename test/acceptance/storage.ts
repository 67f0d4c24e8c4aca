import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { type Docker, probe, unique } from '../support/docker.ts';

/** One file, `far`, of 70000:70000: an owner whom no container with 65536 ids has (tar(5), ustar). */
function tarOfFarOwner(): Buffer {
  const header = Buffer.alloc(512);
  const put = (text: string, at: number) => header.write(text, at, 'latin1');
  put('far', 0);
  put('0000644\0', 100);
  put('0210560\0', 108);
  put('0210560\0', 116);
  put('00000000000\0', 124);
  put('00000000000\0', 136);
  put('        0', 148);
  put('ustar\x0000', 257);
  const sum = header.reduce((total, byte) => total + byte, 0);
  put(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  return Buffer.concat([header, Buffer.alloc(1024)]);
}

/** What is kept of images, whichever of Docker 28's two back ends keeps it. */
export function storageRows(docker: () => Docker): void {
  describe('images in storage', () => {
    test('layers come through commit, save and load with their owners, also those no container has', async () => {
      const dir = await mkdtemp(join(tmpdir(), 'bulkhead-storage-'));
      const [maker, image] = [unique('maker'), unique('kept')];
      const look = 'stat -c %u:%g /far /d; cat /d/one; test ! -e /etc/group && echo gone';
      try {
        const script = 'mkdir /d && echo one > /d/one && chown 12:34 /d && rm /etc/group';
        await docker().ok(['run', '--name', maker, probe, 'sh', '-c', script]);
        await docker().ok(['cp', '-a', '-', `${maker}:/`], { input: tarOfFarOwner().toString('latin1') });
        expect((await docker().ok(['diff', maker])).split('\n').toSorted()).toEqual(
          expect.arrayContaining(['A /d', 'A /d/one', 'A /far', 'D /etc/group']),
        );
        await docker().ok(['commit', maker, image]);
        const seen = ['65534:65534', '12:34', 'one', 'gone'];
        expect((await docker().ok(['run', '--rm', image, 'sh', '-c', look])).split('\n')).toEqual(seen);
        await docker().ok(['save', '-o', join(dir, 'image.tar'), image]);
        await docker().ok(['rmi', image]);
        await docker().ok(['load', '-i', join(dir, 'image.tar')]);
        expect((await docker().ok(['run', '--rm', image, 'sh', '-c', look])).split('\n')).toEqual(seen);
        await docker().ok(['create', '--name', `${maker}-again`, image, 'true']);
        // Not shifted on the way: whoever gets the image elsewhere finds the owner it was given.
        const { stdout } = await docker().run(['cp', `${maker}-again:/far`, '-']);
        expect(stdout.slice(108, 123).replaceAll('\0', ' ').trim()).toBe('0210560 0210560');
      } finally {
        await docker().run(['rm', '-f', maker, `${maker}-again`]);
        await docker().run(['rmi', '-f', image]);
        await rm(dir, { recursive: true });
      }
    });

    test('a commit of a running container has what was copied into it and what it wrote beside that', async () => {
      const [running, image] = [unique('running'), unique('running')];
      try {
        const script = 'mkdir /d && cd /d && echo ready && sleep 600';
        await docker().ok(['run', '-d', '--name', running, probe, 'sh', '-c', script]);
        await expect.poll(async () => docker().ok(['logs', running]), { timeout: 20_000 }).toBe('ready');
        await docker().ok(['cp', '-', `${running}:/d`], { input: tarOfFarOwner().toString('latin1') });
        await docker().ok(['exec', running, 'sh', '-c', 'ls /d/far && echo own > /d/own']);
        await docker().ok(['commit', running, image]);
        expect(await docker().ok(['run', '--rm', image, 'sh', '-c', 'ls /d; cat /d/own'])).toBe(
          'far\nown\nown',
        );
      } finally {
        await docker().run(['rm', '-f', running]);
        await docker().run(['rmi', '-f', image]);
      }
    });
  });
}
