/** Why a signal was aborted, as an Error whatever the aborter passed (`reason` is untyped in the DOM standard). */
export function abortReason(signal: AbortSignal): Error {
  const reason: unknown = signal.reason;
  return reason instanceof Error ? reason : new Error('aborted', { cause: reason });
}
