/** Counts and times as people read them: short, the same in drawings, on the terminal and in the report. */

/** Stands for a number that is not there: not measured, or not finite. */
export const missing = "–";

const prefixes = ["", "k", "M", "G", "T", "P"] as const;

/** Three significant digits with an SI prefix: 45.6k, 1.23M. */
export function formatCount(count: number): string {
  if (!Number.isFinite(count)) return missing;
  let scaled = count;
  let prefix = 0;
  // 999.5 of a unit already reads as 1.00 of the next one.
  while (Math.abs(scaled) >= 999.5 && prefix < prefixes.length - 1) {
    scaled /= 1000;
    prefix++;
  }
  if (prefix === 0) return Number.isInteger(count) ? String(count) : scaled.toPrecision(3);
  const size = Math.abs(scaled);
  const digits = size >= 99.95 ? 0 : size >= 9.995 ? 1 : 2;
  return scaled.toFixed(digits) + prefixes[prefix];
}

/** Milliseconds, three significant digits where there are no more before the point: 1.53, 45.2, 1500. */
export function formatMs(milliseconds: number): string {
  return milliseconds < 99.95 ? milliseconds.toPrecision(3) : milliseconds.toFixed(0);
}
