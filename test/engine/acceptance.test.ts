import { inject } from 'vitest';
import { buildRows } from '../acceptance/builds.ts';
import { identityRows } from '../acceptance/identity.ts';
import { lifecycleRows } from '../acceptance/lifecycle.ts';
import { privilegeRows } from '../acceptance/privilege.ts';
import { hostNamespaceRows, sharingRows } from '../acceptance/sharing.ts';
import { storageRows } from '../acceptance/storage.ts';
import { readStatus } from '../support/control.ts';
import { createDocker } from '../support/docker.ts';

const docker = createDocker(inject('dockerHost'));

identityRows(() => docker);
privilegeRows(
  () => docker,
  async () => (await readStatus(inject('controlSocket'))).kernel,
);
lifecycleRows(() => docker);
sharingRows(() => docker);
hostNamespaceRows(() => docker);
buildRows(() => docker);
storageRows(() => docker);
