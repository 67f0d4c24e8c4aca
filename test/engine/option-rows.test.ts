import { inject } from 'vitest';
import { optionRows } from '../acceptance/options.ts';
import { createDocker } from '../support/docker.ts';

const docker = createDocker(inject('dockerHost'));
optionRows(() => docker);
