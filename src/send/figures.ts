const UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB'] as const;
const LAST_UNIT = UNITS.length - 1;

/** `1.5 MiB`. */
export function shownBytes(bytes: number): string {
  let unit = 0;
  let value = bytes;
  // What would be shown as 1024.0 is 1.0 of the next.
  for (; unit < LAST_UNIT && value >= (unit === 0 ? 1_024 : 1_023.95); unit += 1) value /= 1_024;
  return `${unit === 0 ? String(Math.round(value)) : value.toFixed(1)} ${UNITS[unit] ?? ''}`;
}

/** `8 s`, `2 min 5 s`, `3 h 20 min`. */
export function shownSeconds(seconds: number): string {
  const whole = Math.ceil(seconds);
  if (whole < 60) return `${String(whole)} s`;
  if (whole < 3_600) return `${String(Math.floor(whole / 60))} min ${String(whole % 60)} s`;
  return `${String(Math.floor(whole / 3_600))} h ${String(Math.floor((whole % 3_600) / 60))} min`;
}
