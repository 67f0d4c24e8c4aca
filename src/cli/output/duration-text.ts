const steps = [
  [86_400_000, 'day'],
  [3_600_000, 'h'],
  [60_000, 'min'],
  [1_000, 's'],
] as const;

/** How long something has been so, in the largest unit of which there is one: `12 min`, `3 days`. */
export function durationText(ms: number): string {
  const [size, unit] = steps.find(([length]) => ms >= length) ?? [1_000, 's'];
  const count = Math.max(0, Math.floor(ms / size));
  return `${count} ${unit}${unit === 'day' && count !== 1 ? 's' : ''}`;
}
