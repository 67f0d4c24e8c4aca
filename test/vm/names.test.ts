import { resolve4 } from 'node:dns/promises';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, inject, test } from 'vitest';
import { codeOf } from '../../dist/common/cause.js';
import { createDocker, probe, unique } from '../support/docker.ts';
import { instanceAt } from '../support/instance.ts';
import { found, lookUp } from '../support/look-up.ts';

/** The names of the host, and those the host knows, in containers, builds and the engine of a VM. */
const instance = instanceAt(inject('instance'));
const docker = createDocker(instance.dockerHost);
/** Of the VM's network, by its last number. */
let own: (last: number) => string;

beforeAll(async () => {
  const { network } = await instance.status();
  own = (last) => network?.replace(/\d+\/24$/, String(last)) ?? '';
});

const names = ['host.docker.internal', 'gateway.docker.internal', 'kubernetes.docker.internal'];

describe('the names of the host', () => {
  test('on the default bridge', async () => {
    const script = names.map((name) => lookUp(name)).join('; ');
    const said = await docker.ok(['run', '--rm', probe, 'sh', '-c', script]);
    expect(names.map((name) => found(said, name))).toEqual(names.map(() => own(1)));
  });

  test('on a network of their own, where the engine answers for containers', async () => {
    const network = unique('names');
    await docker.ok(['network', 'create', network]);
    try {
      const words = ['run', '--rm', '--network', network, probe, 'sh', '-c'];
      const said = await docker.ok([...words, `cat /etc/resolv.conf; ${lookUp('host.docker.internal')}`]);
      expect(said).toContain('nameserver 127.0.0.11');
      expect(found(said, 'host.docker.internal')).toBe(own(1));
    } finally {
      await docker.run(['network', 'rm', network]);
    }
  });

  test('in the steps of a build', async () => {
    const dir = await mkdtemp(join(tmpdir(), 'bulkhead-names-'));
    try {
      const step = `RUN ${lookUp('host.docker.internal')} > /found && echo ${unique('built')}`;
      await writeFile(join(dir, 'Dockerfile'), `FROM ${probe}\n${step}\n`);
      const image = await docker.ok(['build', '-q', dir], { env: { DOCKER_BUILDKIT: '1' } });
      const said = await docker.ok(['run', '--rm', image, 'cat', '/found']);
      expect(found(said, 'host.docker.internal')).toBe(own(1));
    } finally {
      await rm(dir, { recursive: true });
    }
  });

  test('for the engine itself, and as host-gateway', async () => {
    const { stderr } = await docker.run(['pull', 'host.docker.internal:5/image']);
    expect(stderr).toContain(`${own(1)}:5`);
    const words = ['run', '--rm', '--add-host', 'x:host-gateway', probe, 'grep', '-w', 'x', '/etc/hosts'];
    expect(await docker.ok(words)).toMatch(new RegExp(String.raw`^${own(1)}\s+x$`));
  });
});

test('a network that is internal has no way to them, whatever way its containers make', async () => {
  const [inner, outer] = [unique('internal'), unique('open')];
  await docker.ok(['network', 'create', '--internal', inner]);
  await docker.ok(['network', 'create', outer]);
  try {
    const said = async (network: string): Promise<string> => {
      const subnet = ['network', 'inspect', network, '--format', '{{(index .IPAM.Config 0).Gateway}}'];
      const way = `ip route replace default via ${await docker.ok(subnet)} && ip route`;
      const words = ['run', '--rm', '--cap-add', 'NET_ADMIN', '--network', network, probe, 'sh', '-c'];
      const script = `${way}; timeout 20 ${lookUp('host.docker.internal')} ${own(4)}; true`;
      const { stdout, stderr } = await docker.run([...words, script]);
      return stdout + stderr;
    };
    const seen = await said(inner);
    expect(seen).toContain('default via');
    expect(found(seen, 'host.docker.internal')).toBeUndefined();
    expect(found(await said(outer), 'host.docker.internal')).toBe(own(1));
  } finally {
    await docker.run(['network', 'rm', inner, outer]);
  }
});

test("the host's own resolver answers for the rest", async ({ skip }) => {
  const answer = await resolve4('nothing.invalid').catch(codeOf);
  skip(
    answer !== 'ENOTFOUND',
    `the resolver of this machine does not answer as one does (${String(answer)})`,
  );
  const { stdout, stderr } = await docker.run([
    'run',
    '--rm',
    probe,
    ...lookUp('nothing.invalid').split(' '),
  ]);
  expect(stdout + stderr).toContain('NXDOMAIN');
});
