import { cp, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { composeWatch } from '../support/compose-watch.ts';
import type { Docker } from '../support/docker.ts';
import { eventually } from '../support/eventually.ts';
import { workshopImage } from '../support/workshop-image.ts';

/** An engine whose developer works in a directory that is shared with it. */
export interface ProjectPlace {
  readonly docker: Docker;
  readonly shared: string;
  /** Sends these bytes to a published port where the developer reaches it, and gives what comes back until the service ends the connection. */
  ask(port: number, request: string): Promise<string>;
}

/** Milliseconds for what a service takes to be up again; under TCG Node alone takes ten seconds. */
const patience = 120_000;

/**
 * The compose projects of `test/projects`, in a checkout of their developer's.
 *
 * @param events whether a change on the host is an event (inotify) in a container, which live reload waits for; without, `docker compose watch` sees it and starts the services again.
 */
export function projectRows(place: () => ProjectPlace, { events }: { readonly events: boolean }): void {
  let checkout = '';
  beforeAll(async () => {
    checkout = await mkdtemp(join(place().shared, 'checkout-'));
    await cp(join(import.meta.dirname, '../projects'), checkout, { recursive: true });
    await workshopImage(place().docker);
  }, 600_000);
  afterAll(async () => rm(checkout, { recursive: true, force: true }));

  describe.each(['shop', 'queue', 'monorepo'])('%s', (name) => {
    afterAll(async () => {
      const { docker } = place();
      const left = ['down', '-v', '-t', '1', '--remove-orphans', '--rmi', 'local'];
      await docker.ok(['compose', ...left], { cwd: join(checkout, name) });
      const label = `label=com.docker.compose.project=${name}`;
      expect(await docker.ok(['ps', '-aq', '--filter', label])).toBe('');
      expect(await docker.ok(['volume', 'ls', '-q', '--filter', label])).toBe('');
    }, patience);
    rows[name]?.({
      events,
      directory: () => join(checkout, name),
      watch: () => composeWatch(place().docker.host, join(checkout, name)),
      compose: async (...args) => place().docker.ok(['compose', ...args], { cwd: join(checkout, name) }),
      ask: async (service, port, request) => {
        const published = await place().docker.ok(['compose', 'port', service, String(port)], {
          cwd: join(checkout, name),
        });
        return place().ask(Number(published.split(':').at(-1)), request);
      },
    });
  });
}

interface Project {
  readonly events: boolean;
  readonly directory: () => string;
  readonly watch: () => Promise<AsyncDisposable>;
  readonly compose: (...args: string[]) => Promise<string>;
  readonly ask: (service: string, port: number, request: string) => Promise<string>;
}

const get = (path: string): string => `GET ${path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`;

const rows: Readonly<Record<string, (project: Project) => void>> = { shop, queue, monorepo };

/** A web application with PostgreSQL. */
function shop({ compose, ask, directory }: Project): void {
  const order = async (item: string): Promise<string> => {
    const form = `item=${item}`;
    const head = 'POST /orders HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n';
    const type = 'Content-Type: application/x-www-form-urlencoded\r\n';
    return ask('web', 8000, `${head}${type}Content-Length: ${form.length}\r\n\r\n${form}`);
  };

  test('comes up in its order, takes orders and keeps them', async () => {
    await compose('up', '-d', '--build', '--wait');
    expect(await order('tea')).toContain('302 FOUND');
    expect(await ask('web', 8000, get('/'))).toContain('<li>tea</li>');
    const rows = [
      'psql',
      '-h',
      '127.0.0.1',
      '-U',
      'shop',
      '-d',
      'postgres',
      '-tAc',
      'select item from orders',
    ];
    expect(await compose('exec', '-T', 'db', ...rows)).toBe('tea');
  }, 600_000);

  test('the database is started again with what it had', async () => {
    await compose('kill', 'db');
    await compose('up', '-d', '--wait');
    await order('coffee');
    expect(await ask('web', 8000, get('/'))).toMatch(/<li>tea<\/li>\s*<li>coffee<\/li>/);
  }, 600_000);

  test(
    'a template is changed in the editor and seen at the next look; the container cannot change it',
    async () => {
      const template = join(directory(), 'web/app/templates/orders.html');
      await writeFile(template, (await readFile(template, 'utf8')).replace('Orders', 'Orders so far'));
      await eventually(async () => {
        expect(await ask('web', 8000, get('/'))).toContain('<h1>Orders so far</h1>');
      }, patience);
      const write = compose('exec', '-T', '-u', 'root', 'web', 'sh', '-c', 'echo x > /app/main.py');
      await expect(write).rejects.toThrow('Read-only file system');
    },
    patience,
  );

  test(
    'the network of the database has no way out, and the web service has one',
    async () => {
      const routes = async (service: string): Promise<string> =>
        compose('exec', '-T', service, 'sh', '-c', 'cat /proc/net/route');
      expect(await routes('web')).toMatch(/\t00000000\t/);
      expect(await routes('db')).not.toMatch(/^\w+\t00000000\t/m);
    },
    patience,
  );
}

/** A queue with workers. */
function queue({ compose, directory }: Project): void {
  const results = async (): Promise<Map<string, string>> => {
    const names = (await readdir(join(directory(), 'results'))).filter((name) => /^\d+$/.test(name));
    const texts = names.map(async (name): Promise<[string, string]> => [
      name,
      await readFile(join(directory(), 'results', name), 'utf8'),
    ]);
    return new Map(await Promise.all(texts));
  };
  const produce = async (first: number, last: number): Promise<string> =>
    compose('run', '--rm', '-T', 'producer', 'python3', '/jobs/producer.py', String(first), String(last));

  test('three workers share the work, and the developer has the results', async () => {
    await compose('--profile', 'jobs', 'build');
    await compose('up', '-d', '--wait');
    expect(await produce(1, 60)).toContain('60 done');
    const all = await results();
    expect(all.size).toBe(60);
    expect(all.get('12')).toMatch(/^144 by \w+\n$/);
  }, 600_000);

  test('more workers are asked for, all are killed, two come again and do the rest', async () => {
    await compose('up', '-d', '--wait', '--scale', 'worker=5', '--no-recreate');
    expect((await compose('ps', '-q', 'worker')).split('\n')).toHaveLength(5);
    await compose('kill', '-s', 'KILL', '--', 'worker');
    await compose('up', '-d', '--wait', '--scale', 'worker=2');
    expect(await produce(61, 120)).toContain('120 done');
    const all = await results();
    expect(all.size).toBe(120);
    expect(new Set([...all.values()].map((text) => text.split(' by ')[1])).size).toBeGreaterThan(1);
  }, 600_000);

  test('what the workers wrote is removed by the developer without another right', async () => {
    for (const name of (await results()).keys()) await rm(join(directory(), 'results', name));
    expect((await results()).size).toBe(0);
  });
}

/** A monorepo with live reload. */
function monorepo({ compose, ask, directory, watch, events }: Project): void {
  const expectSeen = async (text: string): Promise<void> =>
    eventually(async () => {
      expect(await ask('site', 3000, get('/'))).toContain(text);
    }, patience);

  test('both applications run from the checkout and use the package beside them', async () => {
    await compose('up', '-d', '--build', '--wait');
    await expectSeen('<p>site: good morning</p><p>api: good morning</p>');
  }, 600_000);

  const change = async (): Promise<void> =>
    writeFile(join(directory(), 'packages/words/index.mjs'), "export const greeting = 'good evening';\n");
  const evening = '<p>site: good evening</p><p>api: good evening</p>';

  /** Without events a broken change is not noticed, so there is nothing to wait out. */
  const byWatch = (): void => {
    test('a change of the shared package is seen in both by docker compose watch', async () => {
      await using _watch = await watch();
      await change();
      await expectSeen(evening);
    }, 300_000);
  };

  const byEvents = (): void => {
    test('a change of the shared package is seen in both, without a word to the engine', async () => {
      await change();
      await expectSeen(evening);
    }, 300_000);

    test('a broken change is waited out: the next good one is served', async () => {
      const server = join(directory(), 'apps/site/server.mjs');
      const good = await readFile(server, 'utf8');
      await writeFile(server, 'not JavaScript (');
      await eventually(async () => {
        expect(await compose('logs', 'site')).toContain('SyntaxError');
      }, patience);
      await writeFile(server, good.replace('<p>site:', '<p>new site:'));
      await expectSeen('<p>new site: good evening</p>');
    }, 300_000);
  };

  (events ? byEvents : byWatch)();
}
