/** One unit of work a person waits for. Exactly one of `done` and `fail` ends it. */
export interface Step {
  /** `fraction` is between 0 and 1, where the step knows it; `detail` is a few words on what is happening now. */
  progress(detail: string, fraction?: number): void;
  /** `detail` replaces the last one, for example "reused" or "212 MB". */
  done(detail?: string): void;
  fail(): void;
}

/** How long-running work tells what it does, without knowing whether a terminal, a log or a test listens. */
export interface Reporter {
  step(name: string): Step;
  /** Something the reader must not miss; it must survive a redrawn progress line. */
  warn(message: string): void;
}

const silentStep: Step = { progress: () => undefined, done: () => undefined, fail: () => undefined };

/** For callers that have nobody to tell. */
export const silentReporter: Reporter = { step: () => silentStep, warn: () => undefined };

/** Runs `work` as one step: ended with `done` (its detail taken from `summary`) or with `fail`. */
export async function inStep<T>(
  reporter: Reporter,
  name: string,
  work: (step: Step) => Promise<T>,
  summary?: (result: T) => string,
): Promise<T> {
  const step = reporter.step(name);
  try {
    const result = await work(step);
    step.done(summary?.(result));
    return result;
  } catch (error) {
    step.fail();
    throw error;
  }
}
