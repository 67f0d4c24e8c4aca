import { inject } from 'vitest';
import { createDocker } from '../support/docker.ts';
import { linkAttacks } from './link-attacks.ts';

const docker = createDocker(inject('dockerHost'));

linkAttacks(() => docker);
