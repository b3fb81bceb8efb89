/** Ranks of values, from 1 for the lowest; equal values share the mean of their ranks. */

export function averageRanks(values: readonly number[]): number[] {
  const order = [...values.keys()].sort((one, other) => values[one] - values[other]);
  const ranks = Array<number>(values.length);
  for (let start = 0; start < order.length;) {
    let end = start + 1;
    while (end < order.length && values[order[end]] === values[order[start]]) end++;
    for (let position = start; position < end; position++) ranks[order[position]] = (start + 1 + end) / 2;
    start = end;
  }
  return ranks;
}
