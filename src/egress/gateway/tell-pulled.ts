import type { PulledFacts, PulledImage } from '../../common/pulled-image.js';

/** Milliseconds. What bulkheadd has not learnt then it judges without: stricter. */
const usualPatience = 2000;

export interface PullTeller {
  /** Resolves when bulkheadd knows it, or is not waited for any longer. */
  tell(pulled: PulledFacts): Promise<void>;
  /** It has said so. */
  learnt(number: number): void;
}

/** Tells bulkheadd what the engine pulls, and waits for its word. */
export function createPullTeller(send: (pulled: PulledImage) => void, patience = usualPatience): PullTeller {
  const waiting = new Map<number, () => void>();
  let last = 0;
  return {
    async tell(pulled) {
      const number = (last += 1);
      const learnt = Promise.withResolvers<void>();
      waiting.set(number, learnt.resolve);
      const late = setTimeout(learnt.resolve, patience);
      send({ kind: 'pulled', number, ...pulled });
      await learnt.promise;
      clearTimeout(late);
      waiting.delete(number);
    },
    learnt: (number) => waiting.get(number)?.(),
  };
}
