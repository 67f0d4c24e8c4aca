import { inject } from 'vitest';
import { unansweredFuseRows } from '../acceptance/unanswered-fuse.ts';
import { createDocker } from '../support/docker.ts';

const docker = createDocker(inject('dockerHost'));
unansweredFuseRows(() => docker, { copyMs: 8000, itself: true });
