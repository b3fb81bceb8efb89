/**
 * Seeded randomness. A stream is named by a seed and a path, so that the numbers of, say, training step 812 do not
 * depend on what was drawn before: resuming needs no generator state, only the names.
 */

import { uniformFloat64 } from "pure-rand/distribution/uniformFloat64";
import { uniformInt } from "pure-rand/distribution/uniformInt";
import { xoroshiro128plus } from "pure-rand/generator/xoroshiro128plus";
import type { RandomGenerator } from "pure-rand/types/RandomGenerator";

/** Part of a stream's name. */
export type StreamName = string | number;

/** FNV-1a over the names with a final avalanche: any change of a name gives an unrelated 32-bit seed. */
function hashNames(names: readonly StreamName[]): number {
  let hash = 0x811c9dc5;
  for (const character of JSON.stringify(names)) {
    hash = Math.imul(hash ^ character.codePointAt(0)!, 0x01000193);
  }
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) | 0;
}

/** A stream of random numbers, the same for the same seed and names on every machine. */
export class Random {
  readonly #names: readonly StreamName[];
  readonly #generator: RandomGenerator;

  private constructor(names: readonly StreamName[]) {
    this.#names = names;
    this.#generator = xoroshiro128plus(hashNames(names));
  }

  /** The stream of this seed and path: `Random.stream(seed, "hypernet", step)`. */
  static stream(seed: number, ...path: StreamName[]): Random {
    return new Random([seed, ...path]);
  }

  /** An independent stream below this one; drawing from this one does not change it. */
  fork(...path: StreamName[]): Random {
    return new Random([...this.#names, ...path]);
  }

  /** Uniform in [low, high). */
  uniform(low = 0, high = 1): number {
    return low + (high - low) * uniformFloat64(this.#generator);
  }

  /** Uniform over the integers low … high, both included. */
  integer(low: number, high: number): number {
    return uniformInt(this.#generator, low, high);
  }

  /** True with this probability. */
  bernoulli(probability: number): boolean {
    return this.uniform() < probability;
  }

  /** One of the items, all alike likely. Throws a `RangeError` where there are none. */
  choice<T>(items: readonly T[]): T {
    if (items.length === 0) throw new RangeError("choice() needs at least one item");
    return items[this.integer(0, items.length - 1)];
  }

  /** Index drawn with probability proportional to its weight. */
  weighted(weights: readonly number[]): number {
    const total = weights.reduce((sum, weight) => sum + weight, 0);
    if (!(total > 0)) throw new RangeError("weighted() needs a positive total weight");
    let rest = this.uniform(0, total);
    for (let index = 0; index < weights.length; index++) {
      rest -= weights[index];
      if (rest < 0) return index;
    }
    return weights.findLastIndex((weight) => weight > 0);
  }

  /** A new array in random order (Fisher-Yates). */
  shuffle<T>(items: readonly T[]): T[] {
    const result = [...items];
    for (let index = result.length - 1; index > 0; index--) {
      const other = this.integer(0, index);
      [result[index], result[other]] = [result[other], result[index]];
    }
    return result;
  }

  /** `count` different items, in the order of `items`. */
  subset<T>(items: readonly T[], count: number): T[] {
    const chosen = new Set(this.shuffle(items.map((_, index) => index)).slice(0, count));
    return items.filter((_, index) => chosen.has(index));
  }

  /** A seed for a generator outside this class (a native one, say). */
  seed(): number {
    return this.integer(0, 0x7fffffff);
  }
}
