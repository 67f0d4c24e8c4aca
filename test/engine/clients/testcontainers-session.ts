/**
 * A project's tests with testcontainers as it is, its reaper included, that never come to their end: `testcontainers-session.ts IMAGE`; DOCKER_HOST names
 * the engine. Prints one line of JSON once everything is there, and then waits to be killed.
 */
import { GenericContainer, getContainerRuntimeClient, getReaper, Network } from 'testcontainers';

const [, , image = ''] = process.argv;

const network = await new Network().start();
const container = await new GenericContainer(image)
  .withNetwork(network)
  .withCommand(['sleep', '600'])
  .start();
const { containerId } = await getReaper(await getContainerRuntimeClient());
console.log(JSON.stringify({ container: container.getId(), network: network.getId(), reaper: containerId }));
// The connection with the reaper alone would not keep this process.
setInterval(() => undefined, 60_000);
