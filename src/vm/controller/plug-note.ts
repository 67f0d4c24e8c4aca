import { type PlugReason, stopDeadlines } from '../machine.js';

const seconds = (ms: number): string => `${ms / 1000} s`;

const what: Readonly<Record<PlugReason, string>> = {
  silent: `did not begin to stop within ${seconds(stopDeadlines.silentMs)}`,
  late: `had not stopped after ${seconds(stopDeadlines.announcedMs)}`,
  refused: 'could not be asked to stop',
};

/** What a person is told of a VM that had to be ended: it is the same to containers as a loss of power. Pure. */
export function plugNote(why: PlugReason): string {
  return `The VM ${what[why]} and was ended: containers lost what they had not written to disk. The data disk is checked at the next start.`;
}
