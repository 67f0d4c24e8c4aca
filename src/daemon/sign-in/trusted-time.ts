/** Time that never goes back, whatever is done to the clock. */
export interface TrustedTime {
  /** Milliseconds since 1970. */
  now(): number;
  /** The highest time there was, when the clock is well behind it; undefined while it is right. */
  behind(): number | undefined;
}

/** A clock that is set right by less than this was not set back. */
const toleratedMs = 5 * 60_000;

/**
 * The host's clock is the developer's. Threat: it is set back, so that a membership never ends, or an old token is a new one. So time goes on
 * from the highest there was: after a restart from the one that was kept, and by the clock that only counts.
 *
 * @param seen the highest time that was kept.
 * @param wall the clock, milliseconds since 1970; `monotonic` one that never goes back.
 */
export function createTrustedTime(
  seen: number,
  { wall, monotonic }: { readonly wall: () => number; readonly monotonic: () => number },
): TrustedTime {
  let highest = Math.max(seen, wall());
  let since = monotonic();
  const now = (): number => {
    const elapsed = monotonic();
    highest = Math.max(wall(), highest + (elapsed - since));
    since = elapsed;
    return highest;
  };
  return {
    now,
    behind: () => {
      const time = now();
      return wall() < time - toleratedMs ? time : undefined;
    },
  };
}
