import { expect, inject, test } from 'vitest';
import { type AuditEvent, auditEventSchema } from '../../src/common/audit-event.ts';
import { createDocker, probe, unique } from '../support/docker.ts';
import { instanceAt } from '../support/instance.ts';

/** `bulkhead audit` through the controller and the control channel; what becomes an event is tested in native mode. */
const instance = instanceAt(inject('instance'));
const docker = createDocker(instance.dockerHost);

async function events(): Promise<AuditEvent[]> {
  const { status, stdout, stderr } = await instance.run('audit', '--json', '--since', '1h');
  expect([status, stderr]).toEqual([0, '']);
  return stdout
    .split('\n')
    .filter(Boolean)
    .map((line) => auditEventSchema.parse(JSON.parse(line)));
}

test('the log of the VM has its policy, and a refusal as soon as it was made', async () => {
  const name = unique('refused');
  expect((await docker.run(['create', '--name', name, '-v', '/etc:/host', probe])).status).not.toBe(0);
  const all = await events();
  expect(all.find(({ kind }) => kind === 'policy')).toMatchObject({ mode: 'vm', outcome: 'allowed' });
  expect(all.filter((event) => 'container' in event && event.container === name)).toMatchObject([
    { kind: 'request', outcome: 'refused', code: 'BH_GATE_MOUNT', who: { kind: 'developer' } },
  ]);
  const text = await instance.run('audit', '--since', '1h');
  expect(text.stdout).toMatch(new RegExp(`refused +developer +ContainerCreate ${name}.*rule bind-sources`));
});
