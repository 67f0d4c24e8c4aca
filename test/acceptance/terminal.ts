import { afterAll, describe, expect, test } from 'vitest';
import { type Docker, probe, unique } from '../support/docker.ts';
import { eventually } from '../support/eventually.ts';
import { dockerTerminal } from '../support/terminal.ts';

/** Longer than what a screen is looked at, which says what was on it. */
const timeout = 200_000;

/** A person's terminal: hijacked connections, raw bytes both ways, resizes. */
export function terminalRows(docker: () => Docker): void {
  describe('a terminal', () => {
    const containers: string[] = [];
    afterAll(async () => docker().run(['rm', '-f', ...containers]));
    const named = (): string => {
      const name = unique('terminal');
      containers.push(name);
      return name;
    };

    test('run -it: prompt, echo, size, resize, Ctrl-C, exit status', { timeout }, async () => {
      const terminal = dockerTerminal(docker().host, ['run', '--rm', '-it', '--name', named(), probe, 'sh']);
      await terminal.see(/# /);
      terminal.type('echo $((6 * 7))\r');
      expect(await terminal.see(/\n42\r\n/)).toContain('echo $((6 * 7))');
      /*
       * The client begins to listen for resizes only when its first request about the size was answered, after the prompt, and
       * misses one before that; so there is a second, third and fourth.
       */
      let rows = 30;
      await eventually(async () => {
        rows += 1;
        terminal.resize(101, rows);
        const wait = `for i in 1 2 3 4 5; do [ "$(stty size)" = "${rows} 101" ] && break; sleep 1; done`;
        terminal.type(`${wait}; stty size\r`);
        expect(await terminal.see(/\n\d+ \d+\r\n/)).toContain(`\n${rows} 101\r\n`);
      }, 30_000);
      // Said by a child, which the shell has put in the foreground before: between two commands of its own it takes no notice of Ctrl-C.
      terminal.type(`sh -c 'echo begin""ning; exec sleep 1000'\r`);
      await terminal.see(/\nbeginning\r\n/);
      terminal.type('\u0003');
      await terminal.see(/\^C[^]*# /);
      terminal.type('exit 37\r');
      expect(await terminal.ended).toBe(37);
    });

    test('exec -it: a second terminal in a container, which its end leaves alone', { timeout }, async () => {
      const name = named();
      await docker().ok(['run', '-d', '--name', name, probe, 'sleep', '600']);
      const terminal = dockerTerminal(docker().host, ['exec', '-it', name, 'sh']);
      await terminal.see(/# /);
      terminal.type('tty; exit 5\r');
      await terminal.see(/\/dev\/pts\/\d/);
      expect(await terminal.ended).toBe(5);
      expect(await docker().ok(['inspect', '-f', '{{.State.Running}}', name])).toBe('true');
    });

    test(
      'attach: detached by its keys, the container goes on; attached again, it answers',
      { timeout },
      async () => {
        const name = named();
        await docker().ok(['run', '-dit', '--name', name, probe, 'sh']);
        for (const round of ['first', 'second']) {
          const terminal = dockerTerminal(docker().host, ['attach', name]);
          terminal.type(`echo ${round}""-answer\r`);
          await terminal.see(new RegExp(`\n${round}-answer\r\n`));
          terminal.type('\u0010\u0011'); // Ctrl-P Ctrl-Q
          await terminal.see(/read escape sequence/);
          await terminal.ended;
          expect(await docker().ok(['inspect', '-f', '{{.State.Running}}', name])).toBe('true');
        }
      },
    );
  });
}
