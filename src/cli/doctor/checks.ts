import { accelerationCheck } from './checks/acceleration.js';
import { clockCheck } from './checks/clock.js';
import { connectionsCheck } from './checks/connections.js';
import { diskSpaceCheck } from './checks/disk-space.js';
import { dockerClientCheck } from './checks/docker-client.js';
import { dockerEndpointCheck } from './checks/docker-endpoint.js';
import { imageCheck } from './checks/image.js';
import { leftoversCheck } from './checks/leftovers.js';
import { memoryCheck } from './checks/memory.js';
import { nodeCheck } from './checks/node.js';
import { policyCheck } from './checks/policy.js';
import { qemuCheck } from './checks/qemu.js';
import { settingsCheck } from './checks/settings.js';
import { sharingCheck } from './checks/sharing.js';
import { socketsCheck } from './checks/sockets.js';
import { temporaryCheck } from './checks/temporary.js';
import { userNamespacesCheck } from './checks/user-namespaces.js';
import { runnable, type RunnableCheck } from './run-checks.js';

/** Every precondition `bulkhead doctor` looks at, in the order it tells of them: what a start needs first comes first. */
export const checks: readonly RunnableCheck[] = [
  runnable(nodeCheck),
  runnable(qemuCheck),
  runnable(accelerationCheck),
  runnable(imageCheck),
  runnable(policyCheck),
  runnable(settingsCheck),
  runnable(sharingCheck),
  runnable(connectionsCheck),
  runnable(diskSpaceCheck),
  runnable(memoryCheck),
  runnable(clockCheck),
  runnable(socketsCheck),
  runnable(leftoversCheck),
  runnable(dockerClientCheck),
  runnable(dockerEndpointCheck),
  runnable(temporaryCheck),
  runnable(userNamespacesCheck),
];
