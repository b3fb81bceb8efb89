/** Lists of integers. */

/** Integers low … high. */
export function range(low: number, high: number): number[] {
  return Array.from({ length: Math.max(high - low + 1, 0) }, (_, index) => low + index);
}
