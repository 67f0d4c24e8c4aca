/** How long the guest may take to answer, which waits for the device to come, and to let go of one; where a person insists, which is no time to ask for patience. */
interface GuestDeadlines {
  readonly answerMs: number;
  readonly unplugMs: number;
}

export interface ShareDeadlines extends GuestDeadlines {
  /** For this machine's file systems, that a directory can be judged. */
  readonly judgeMs: number;
  readonly byForce: GuestDeadlines;
}
export const usualDeadlines: ShareDeadlines = {
  judgeMs: 30_000,
  answerMs: 60_000,
  unplugMs: 40_000,
  byForce: { answerMs: 5000, unplugMs: 10_000 },
};
