/** The order of NSGA-II (Deb et al. 2002): fronts one behind the other, and within a front the lonelier first. */

import { paretoFront, type ScoredCost } from "./pareto.js";

export interface Ordered<T> {
  readonly item: T;
  /** 0 is the Pareto front, 1 the front without that one, … */
  readonly front: number;
  /** How far apart its neighbours on the front are, as a sum of shares of the front's extent; the ends have Infinity. */
  readonly crowding: number;
}

/** Best first. Items whose score or cost is not finite make up a last front. */
export function orderByFronts<T>(
  items: readonly T[],
  measure: (item: T) => ScoredCost,
): readonly Ordered<T>[] {
  const ordered: Ordered<T>[] = [];
  let rest = items;
  for (let front = 0; rest.length > 0; front++) {
    const members = paretoFront(rest, measure);
    // Nothing finite is left.
    if (members.length === 0) return [...ordered, ...rest.map((item) => ({ item, front, crowding: 0 }))];
    const distances = crowdingDistances(members.map(measure));
    const whole = members.map((item, index) => ({ item, front, crowding: distances[index] }));
    // Infinity minus Infinity is not a number.
    ordered.push(
      ...whole.sort((one, other) => (one.crowding === other.crowding ? 0 : other.crowding - one.crowding)),
    );
    const isMember = new Set(members);
    rest = rest.filter((item) => !isMember.has(item));
  }
  return ordered;
}

/** Of a front in the order of cost; the score falls along it, so neighbours are the same for both. */
function crowdingDistances(front: readonly ScoredCost[]): readonly number[] {
  const last = front.length - 1;
  const [costs, scores] = [front[last].cost - front[0].cost, front[0].score - front[last].score];
  return front.map((_, index) => {
    if (index === 0 || index === last) return Infinity;
    const [before, after] = [front[index - 1], front[index + 1]];
    return (after.cost - before.cost) / costs + (before.score - after.score) / scores;
  });
}
