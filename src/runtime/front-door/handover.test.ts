import { mkdirSync, readFileSync, statSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { canStage } from './front-door.test-support.js';
import { lines, spec, useStaging } from './staging.test-support.js';

describe.skipIf(!canStage)('between the engine, the daemon and runc', () => {
  const staging = useStaging(() => undefined);

  test('the daemon is told the request and what each path really is', async () => {
    const { door } = staging();
    const inDoor = (name: string) => join(door.directory, name);
    door.setRunc('exit 0');
    mkdirSync(inDoor('real'), { recursive: true });
    symlinkSync('real', inDoor('link'));
    staging().paths = [staging().layer('merged'), inDoor('link'), '/nonexistent/x', '/dev/null', '/proc/sys'];
    expect(await staging().create('facts')).toMatchObject({ code: 0, log: [] });
    expect(staging().requests).toMatchObject([
      {
        command: 'create',
        containerId: 'facts',
        runtimeRoot: inDoor('state'),
        bundle: inDoor('bundle'),
        config: '{"of":"the engine"}',
      },
    ]);
    const { facts, audits } = staging();
    expect(facts).toMatchObject([
      { opened: true, kind: 'directory', filesystemMagic: 0xef53 },
      { opened: true, realPath: inDoor('real'), kind: 'directory' },
      { opened: false, errno: 2 },
      { opened: true, kind: 'character-device', rdev: '1:3' },
      { opened: true, realPath: '/proc/sys', mount: { filesystem: 'proc', mountPoint: '/proc' } },
    ]);
    expect(facts[1]).toMatchObject({ inode: String(statSync(inDoor('real')).ino) });
    expect(audits).toMatchObject([{ outcome: 'planned', containerId: 'facts', ids: { size: 65_536 } }]);
  });

  test('runc finds the new config in the bundle, its own arguments, a fixed environment and no descriptor of ours', async () => {
    const { door } = staging();
    door.setRunc(`
      cat bundle/config.json; echo
      for word in "$@"; do printf '%s ' "$word"; done; echo
      tr '\\0' ' ' < /proc/$$/environ; echo
      pwd; echo descriptors
      for f in /proc/$$/fd/*; do case $f in */[012]) ;; *) readlink $f ;; esac; done`);
    const bundle = door.makeBundle('{"old":true}');
    process.env['LD_PRELOAD_TEST'] = 'x';
    const given = '--root=/s --log-format json create --bundle bundle --no-pivot c1';
    const result = await door.run(...given.split(' '));
    delete process.env['LD_PRELOAD_TEST'];
    const [config, args, environment, directory, ...descriptors] = lines(result.stdout);
    expect(JSON.parse(config ?? '')).toEqual(spec);
    expect(args).toBe(`--log ${door.directory}/log.json ${given} `);
    expect(environment).toBe('PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin ');
    expect(directory).toBe(door.directory);
    // Whatever the test runner itself lets through is there for an unstaged command, too.
    const unstaged = await door.run('state', 'c1');
    expect(descriptors).toEqual(lines(unstaged.stdout).slice(4));
    expect(unstaged.stdout.startsWith('{"old":true}')).toBe(true);
    expect(readFileSync(join(bundle, 'config.json'), 'utf8')).toBe('{"old":true}');
  });
});
