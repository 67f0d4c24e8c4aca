const units = ['KiB', 'MiB', 'GiB', 'TiB'] as const;

/** Bytes as a person reads them: two digits or more, and no more than one behind the point. `1.6 GiB`. */
export function sizeText(bytes: number): string {
  if (bytes < 1024) return `${Math.round(bytes)} B`;
  let value = bytes;
  let unit = 'B';
  for (const next of units) {
    if (value < 1024) break;
    value /= 1024;
    unit = next;
  }
  return `${value < 9.95 ? value.toFixed(1) : Math.round(value)} ${unit}`;
}
