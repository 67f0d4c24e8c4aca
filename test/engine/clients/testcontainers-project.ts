/**
 * What a project's tests do with testcontainers, as a program of its own: it reaches published ports on `localhost`, which in native
 * mode is that of the engine's network. `testcontainers-project.ts IMAGE`; DOCKER_HOST names the engine. Prints one line of JSON.
 */
import { text } from 'node:stream/consumers';
import { GenericContainer, Network, Wait } from 'testcontainers';

const [, , image = ''] = process.argv;

async function page(url: string): Promise<string> {
  return (await fetch(url)).text();
}

const network = await new Network().start();
const server = await new GenericContainer(image)
  .withNetwork(network)
  .withNetworkAliases('server')
  .withExposedPorts(8080)
  .withCopyContentToContainer([{ content: 'a page', target: '/srv/index.html' }])
  .withEnvironment({ GREETING: 'hello' })
  .withCommand(['sh', '-c', 'echo "$GREETING, serving"; exec httpd -f -p 8080 -h /srv'])
  .withWaitStrategy(Wait.forAll([Wait.forListeningPorts(), Wait.forLogMessage('hello, serving')]))
  .start();
const url = `http://${server.getHost()}:${server.getMappedPort(8080)}/`;
const published = await page(url);
await server.copyContentToContainer([{ content: 'another page', target: '/srv/later.html' }]);
const copied = await page(`${url}later.html`);
const archived = (await text(await server.copyArchiveFromContainer('/srv/later.html'))).includes(
  'another page',
);
const executed = await server.exec(['sh', '-c', 'echo from exec; exit 4']);
const client = await new GenericContainer(image)
  .withNetwork(network)
  .withCommand(['sh', '-c', 'wget -q -O - http://server:8080/; echo; sleep 600'])
  .withWaitStrategy(Wait.forLogMessage('a page'))
  .start();
const healthy = await new GenericContainer(image)
  .withCommand(['sleep', '600'])
  .withHealthCheck({ test: ['CMD', 'true'], interval: 200, timeout: 5000, retries: 50, startPeriod: 0 })
  .withWaitStrategy(Wait.forHealthCheck())
  .start();
for (const container of [client, healthy, server]) await container.stop({ timeout: 0 });
await network.stop();
console.log(JSON.stringify({ published, copied, archived, executed: [executed.output, executed.exitCode] }));
