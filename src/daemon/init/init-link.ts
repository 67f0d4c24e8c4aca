import { createInterface } from 'node:readline';
import type { Duplex } from 'node:stream';
import { formatInitCommand, type InitCommand, type InitMessage, parseInitLine } from './init-protocol.js';

/** The daemon's line to PID 1. */
export interface InitLink {
  send(command: InitCommand): void;
  onMessage(listener: (message: InitMessage) => void): void;
}

/** `onUnknown` gets lines that are no message of ours. */
export function openInitLink(stream: Duplex, onUnknown: (line: string) => void): InitLink {
  const listeners = new Set<(message: InitMessage) => void>();
  createInterface({ input: stream }).on('line', (line) => {
    const message = parseInitLine(line);
    if (message === null) onUnknown(line);
    else for (const listener of listeners) listener(message);
  });
  return {
    send(command) {
      stream.write(formatInitCommand(command));
    },
    onMessage(listener) {
      listeners.add(listener);
    },
  };
}
