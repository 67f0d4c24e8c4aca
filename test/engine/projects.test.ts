import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll } from 'vitest';
import { checkoutRows } from '../acceptance/checkout-rows.ts';
import { projectRows } from '../acceptance/project-rows.ts';
import { type OwnEngine, startOwnEngine } from '../support/own-engine.ts';

/** The projects with an engine in native mode, whose published ports are those of its own network. */
let shared = '';
let engine: OwnEngine;
beforeAll(async () => {
  shared = await mkdtemp(join(tmpdir(), 'bulkhead-projects-'));
  engine = await startOwnEngine('projects', { shares: [{ path: shared, readOnly: false }] });
}, 120_000);
afterAll(async () => {
  await engine[Symbol.asyncDispose]();
  await rm(shared, { recursive: true, force: true });
});

projectRows(
  () => ({
    docker: engine.docker,
    shared,
    async ask(port, request) {
      const client = join(import.meta.dirname, '../support/port-ask.ts');
      const there = ['-t', String(engine.internals.init), '-n', '--', process.execPath, client];
      return (await execa('/usr/bin/nsenter', [...there, 'open', '127.0.0.1', String(port), request])).stdout;
    },
  }),
  { events: true },
);

checkoutRows(() => ({ docker: engine.docker, shared }));
