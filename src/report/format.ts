/** Numbers as people read them: short, with units, the same on the terminal and in the report. */

import { missing } from "../format-count.js";

export { formatCount, formatMs, missing } from "../format-count.js";

// Made at the start: it would not find the memory when a run fails for want of it, and takes the process down.
const grouped = new Intl.NumberFormat("en-US");

/** Decimals, two unless told. What rounds to nothing has no sign: 0.00, never -0.00. */
export function formatDecimal(value: number, digits = 2): string {
  if (!Number.isFinite(value)) return missing;
  const text = value.toFixed(digits);
  return Number(text) === 0 ? (0).toFixed(digits) : text;
}

/** The same of a difference, whose sign is what is asked for: +0.12, -0.12, 0.00. */
export function formatChange(value: number, digits = 2): string {
  const text = formatDecimal(value, digits);
  return Number(text) > 0 ? `+${text}` : text;
}

/** A fraction as percent, two decimals unless told: 5.53 %. */
export function formatPercent(fraction: number, digits = 2): string {
  return Number.isFinite(fraction) ? `${formatDecimal(100 * fraction, digits)} %` : missing;
}

/** A loss in nats, three decimals; a loss that exploded in powers of ten. */
export function formatLoss(loss: number): string {
  if (!Number.isFinite(loss)) return missing;
  return Math.abs(loss) < 10_000 ? loss.toFixed(3) : loss.toExponential(2);
}

/** NASWOT of a trial: minus a log-determinant, lower is better; one decimal. */
export function formatNaswot(naswot = NaN): string {
  return Number.isFinite(naswot) ? naswot.toFixed(1) : missing;
}

/** A whole number with separated thousands: 45,000. */
export function formatInteger(count: number): string {
  return Number.isFinite(count) ? grouped.format(Math.round(count)) : missing;
}

/** The two largest units: 0.4 s, 12 s, 3 min 05 s, 2 h 07 min, 1 d 3 h. */
export function formatDuration(seconds: number): string {
  if (!Number.isFinite(seconds) || seconds < 0) return missing;
  if (seconds < 9.95) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${padded(whole % 60)} s`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 24 * 60) return `${Math.floor(minutes / 60)} h ${padded(minutes % 60)} min`;
  const hours = Math.round(seconds / 3600);
  return `${Math.floor(hours / 24)} d ${hours % 24} h`;
}

/** "1 epoch", "60 epochs" */
export function formatEpochs(epochs: number): string {
  return `${formatInteger(epochs)} ${epochs === 1 ? "epoch" : "epochs"}`;
}

function padded(value: number): string {
  return String(value).padStart(2, "0");
}
