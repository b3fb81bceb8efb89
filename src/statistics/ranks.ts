/** Ranks of values, from 1 for the lowest; equal values share the mean of their ranks. */

/** -1, 0 or 1: how two values order, also infinite ones, whose difference says nothing. */
export function order(one: number, other: number): number {
  return one < other ? -1 : one > other ? 1 : 0;
}

export function averageRanks(values: readonly number[]): number[] {
  const sorted = [...values.keys()].sort((one, other) => order(values[one], values[other]));
  const ranks = Array<number>(values.length);
  for (let start = 0; start < sorted.length;) {
    let end = start + 1;
    while (end < sorted.length && values[sorted[end]] === values[sorted[start]]) end++;
    for (let position = start; position < end; position++) ranks[sorted[position]] = (start + 1 + end) / 2;
    start = end;
  }
  return ranks;
}

/** One order out of several: the mean of an item's ranks in each column. */
export function meanRanks(columns: readonly (readonly number[])[]): number[] {
  const ranks = columns.map(averageRanks);
  return ranks[0].map((_, item) => ranks.reduce((sum, of) => sum + of[item], 0) / ranks.length);
}
