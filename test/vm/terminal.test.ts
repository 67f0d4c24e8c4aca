import { inject } from 'vitest';
import { terminalRows } from '../acceptance/terminal.ts';
import { createDocker } from '../support/docker.ts';
import { instanceAt } from '../support/instance.ts';

/** Through the forwarded socket and the virtio-serial port. */
const docker = createDocker(instanceAt(inject('instance')).dockerHost);
terminalRows(() => docker);
