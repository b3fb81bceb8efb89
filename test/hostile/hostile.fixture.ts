/**
 * Hostile input: whatever a parser is given, it answers with a result or with a SmashError, soon and in little memory.
 *
 * Inputs are valid ones with damage of the kinds that break parsers, and now and then pure noise. The seed is printed;
 * SMASH_FUZZ_SEED=N asks for other inputs.
 */

import fc from "fast-check";
import { expect } from "vitest";
import { SmashError } from "../../src/errors.js";

export const fuzzRuns = 10_000;

const seed = Number(process.env["SMASH_FUZZ_SEED"] ?? 20_170_817);
/** Far more than any of these inputs needs, far less than one that is believed would take. */
const mostGrowthBytes = 400e6;
/** A hang, not a slow machine. */
const mostMilliseconds = 30_000;

export interface Tally {
  readonly accepted: number;
  readonly refused: number;
}

/** Gives the parser `fuzzRuns` inputs; fails at the first that ends in anything but a result or a SmashError. */
export async function feed<Input>(
  name: string,
  inputs: fc.Arbitrary<Input>,
  parse: (input: Input) => unknown,
): Promise<Tally> {
  console.log(`${name}: ${fuzzRuns} inputs, seed ${seed}`);
  const before = process.memoryUsage.rss();
  let accepted = 0;
  let refused = 0;
  await fc.assert(
    fc.asyncProperty(inputs, async (input) => {
      const start = performance.now();
      try {
        await parse(input);
        accepted++;
      } catch (error) {
        if (!(error instanceof SmashError)) throw error;
        expect(error.message.length).toBeLessThan(5_000);
        refused++;
      }
      expect(performance.now() - start).toBeLessThan(mostMilliseconds);
    }),
    // Inputs may be long: an error says which one it was, and what went wrong.
    { numRuns: fuzzRuns, seed, endOnFailure: true, reporter: report },
  );
  expect(process.memoryUsage.rss() - before).toBeLessThan(mostGrowthBytes);
  expect(accepted + refused).toBe(fuzzRuns);
  // Inputs that are all refused at the door, or all let in, test nothing behind it.
  expect(refused).toBeGreaterThan(fuzzRuns / 20);
  return { accepted, refused };
}

function report<Input>({
  failed,
  counterexample,
  counterexamplePath,
  errorInstance,
}: fc.RunDetails<[Input]>): void {
  if (!failed) return;
  const text = String(counterexample).slice(0, 500);
  throw new Error(`input ${counterexamplePath} of seed ${seed}: ${text}`, { cause: errorInstance });
}

/** Numbers that parsers trip over, as 4 little-endian or big-endian bytes. */
const spicy = [
  0, 1, 2, 127, 128, 255, 256, 0x7fff, 0x8000, 0xffff, 0x10000, 0x7fffffff, 0x80000000, 0xffffffff,
];

type Damage =
  | { readonly kind: "byte"; readonly at: number; readonly value: number }
  | { readonly kind: "number"; readonly at: number; readonly value: number; readonly little: boolean }
  | { readonly kind: "cut"; readonly at: number }
  | { readonly kind: "repeat"; readonly at: number; readonly length: number }
  | { readonly kind: "insert"; readonly at: number; readonly bytes: Uint8Array };

/** Most damage goes to the beginning, where headers are, or the end, where zip has its list. */
const place = fc.oneof(
  { weight: 4, arbitrary: fc.double({ min: 0, max: 1, noNaN: true }).map((share) => share ** 4) },
  { weight: 2, arbitrary: fc.double({ min: 0, max: 1, noNaN: true }).map((share) => 1 - share ** 4) },
  { weight: 1, arbitrary: fc.double({ min: 0, max: 1, noNaN: true }) },
);

const damage: fc.Arbitrary<Damage> = fc.oneof(
  fc.record({ kind: fc.constant("byte" as const), at: place, value: fc.integer({ min: 0, max: 255 }) }),
  fc.record({
    kind: fc.constant("number" as const),
    at: place,
    value: fc.constantFrom(...spicy),
    little: fc.boolean(),
  }),
  fc.record({ kind: fc.constant("cut" as const), at: place }),
  fc.record({ kind: fc.constant("repeat" as const), at: place, length: fc.integer({ min: 1, max: 64 }) }),
  fc.record({
    kind: fc.constant("insert" as const),
    at: place,
    bytes: fc.uint8Array({ minLength: 1, maxLength: 16 }),
  }),
);

function apply(content: Buffer, { at: share, ...damage }: Damage): Buffer {
  const at = Math.min(content.length - 1, Math.floor(share * content.length));
  if (content.length === 0) return content;
  switch (damage.kind) {
    case "byte":
      content[at] = damage.value;
      return content;
    case "number": {
      const start = Math.max(0, Math.min(at, content.length - 4));
      if (content.length < 4) return content;
      if (damage.little) content.writeUInt32LE(damage.value, start);
      else content.writeUInt32BE(damage.value, start);
      return content;
    }
    case "cut":
      return content.subarray(0, at);
    case "repeat":
      return Buffer.concat([content.subarray(0, at + damage.length), content.subarray(at)]);
    case "insert":
      return Buffer.concat([content.subarray(0, at), damage.bytes, content.subarray(at)]);
  }
}

/** One of the valid files with one to four damages; one in ten is noise or whole. */
export function damagedBytes(...valid: readonly Uint8Array[]): fc.Arbitrary<Buffer> {
  const damaged = fc
    .record({
      content: fc.constantFrom(...valid),
      damages: fc.array(damage, { minLength: 1, maxLength: 4 }),
    })
    .map(({ content, damages }) => damages.reduce(apply, Buffer.from(content)));
  return fc.oneof(
    { weight: 18, arbitrary: damaged },
    { weight: 1, arbitrary: fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes)) },
    { weight: 1, arbitrary: fc.constantFrom(...valid).map((bytes) => Buffer.from(bytes)) },
  );
}

const deep = "[".repeat(9_000) + "]".repeat(9_000);

/** What no field expects. */
const strange: fc.Arbitrary<unknown> = fc.oneof(
  fc.constantFrom<unknown>(null, true, "", "x".repeat(2_000), [], {}, -1, 0, 0.5, 1e308, 2 ** 53, 2 ** 31),
  fc.constantFrom<unknown>(JSON.parse('{"__proto__": {"polluted": true}}'), new Array(500).fill(1)),
  fc.jsonValue(),
  fc.constant(undefined),
);

/** One of the valid documents as JSON text, with one to three values replaced, removed or added, or cut as text. */
export function damagedJson(...valid: readonly object[]): fc.Arbitrary<string> {
  const change = fc.record({
    way: fc.array(fc.nat(), { minLength: 1, maxLength: 8 }),
    value: strange,
    added: fc.boolean(),
  });
  const documents = fc
    .record({
      document: fc.constantFrom(...valid),
      changes: fc.array(change, { minLength: 1, maxLength: 3 }),
    })
    .map(({ document, changes }) => {
      const copy = structuredClone(document) as Record<string, unknown>;
      for (const { way, value, added } of changes) replaceIn(copy, way, { value, added });
      return JSON.stringify(copy);
    });
  const texts = fc
    .record({
      document: fc.constantFrom(...valid),
      damages: fc.array(damage, { minLength: 1, maxLength: 3 }),
    })
    .map(({ document, damages }) =>
      damages.reduce(apply, Buffer.from(JSON.stringify(document))).toString("utf8"),
    );
  return fc.oneof(
    { weight: 14, arbitrary: documents },
    { weight: 4, arbitrary: texts },
    { weight: 1, arbitrary: fc.constantFrom(...valid).map((document) => JSON.stringify(document)) },
    { weight: 1, arbitrary: fc.oneof(fc.json(), fc.constantFrom(deep, `{"version":${deep}}`, "", "nul")) },
  );
}

/** Goes down `way`, by position, as far as there are objects. */
function replaceIn(
  root: Record<string, unknown>,
  way: readonly number[],
  { value, added }: { readonly value: unknown; readonly added: boolean },
): void {
  let at = root;
  for (const [step, number] of way.entries()) {
    const keys = Object.keys(at);
    if (keys.length === 0) return;
    const key = keys[number % keys.length];
    const inner = at[key];
    const isLast = step === way.length - 1 || typeof inner !== "object" || inner === null;
    if (!isLast) {
      at = inner as Record<string, unknown>;
      continue;
    }
    if (added && !Array.isArray(at)) at[`${key}x`] = structuredClone(value);
    else at[key] = structuredClone(value);
    return;
  }
}
