#!/usr/bin/env node
import { isNodeTooOld, oldestNode } from './node-version.js';

const { versions, execPath, stderr } = process;
if (isNodeTooOld(versions.node)) {
  // Before anything else is loaded: what an older one makes of it is no sentence that helps anybody.
  stderr.write(
    `Bulkhead needs Node ${oldestNode} or newer; ${execPath} is ${versions.node}. In the checkout \`npx bulkhead\` uses the one that \`make setup\` brings.\n`,
  );
  process.exitCode = 78;
} else {
  const { start } = await import('./start.js');
  process.exitCode = await start();
}
