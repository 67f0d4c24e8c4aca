import { existsSync } from 'node:fs';
import { inject } from 'vitest';
import { systemdRows } from '../../acceptance/systemd.ts';
import { createDocker } from '../../support/docker.ts';
import { importTestImage, systemdRecipe } from '../../support/test-images.ts';

const docker = createDocker(inject('dockerHost'));
const cgroupVersion = existsSync('/sys/fs/cgroup/cgroup.controllers') ? 2 : 1;

systemdRows(
  () => docker,
  () => importTestImage(docker, systemdRecipe(cgroupVersion)),
  { active: ['dbus.socket', 'systemd-journald.service'], bootMs: 30_000, stopMs: 15_000 },
);
