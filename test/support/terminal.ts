import { type IPty, spawn } from 'node-pty';
import { findDockerClient } from '../../scripts/docker-client.ts';

/** A person at a terminal: what they see, and what they type. */
export interface Terminal {
  /** Resolves with the text up to and with the match, once it is on the screen; rejects, with the screen, after 60 s. */
  see(pattern: RegExp): Promise<string>;
  type(text: string): void;
  resize(columns: number, rows: number): void;
  /** Exit status of the command. */
  readonly ended: Promise<number>;
}

const deadlineMs = 60_000;

/** `docker` on a pseudo-terminal of 80 by 24. */
export function dockerTerminal(dockerHost: string, args: readonly string[]): Terminal {
  const { file, env } = findDockerClient(dockerHost);
  const pty = spawn(file, [...args], { cols: 80, rows: 24, env });
  const ended = new Promise<number>((resolve) => pty.onExit(({ exitCode }) => resolve(exitCode)));
  return {
    see: screenOf(pty),
    type: (text) => pty.write(text),
    resize: (columns, rows) => pty.resize(columns, rows),
    ended,
  };
}

function screenOf(pty: IPty): Terminal['see'] {
  let unread = '';
  let look = (): void => undefined;
  pty.onData((data) => {
    unread += data;
    look();
  });
  return (pattern) =>
    new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        pty.kill('SIGKILL');
        reject(new Error(`${pattern} did not appear; on the screen: ${JSON.stringify(unread)}`));
      }, deadlineMs);
      look = () => {
        const match = pattern.exec(unread);
        if (match === null) return;
        clearTimeout(timer);
        look = () => undefined;
        const end = match.index + match[0].length;
        resolve(unread.slice(0, end));
        unread = unread.slice(end);
      };
      look();
    });
}
