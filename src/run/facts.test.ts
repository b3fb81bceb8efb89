import { expect, it } from "vitest";
import type { z } from "zod";
import { parseFacts } from "../store/checkpoint.js";
import { hyperNetFactsSchema, networkFactsSchema, trainingFactsSchema } from "./facts.js";

const hyperNet = JSON.stringify({ step: 3, validationError: 0.5 });
const network = JSON.stringify({ architecture: {}, dataset: "mnist", classes: ["a"], statistics: {} });

it.each<[string, z.ZodType<unknown>, string | undefined, RegExp]>([
  [
    "a HyperNet's, for a network",
    networkFactsSchema,
    hyperNet,
    /a trained network,.*: a HyperNet's, .*smash train/,
  ],
  ["a HyperNet's, to go on with", trainingFactsSchema, hyperNet, /a network in training,.*: a HyperNet's, /],
  ["a network's, for a HyperNet", hyperNetFactsSchema, network, /a HyperNet,.*: a trained network's\./],
  ["another program's", networkFactsSchema, undefined, /a trained network,.*: nothing of this program's/],
  ["damaged", hyperNetFactsSchema, '{"step":-1,"validationError":0}', /a HyperNet,.*: -1 as its step \(/],
])("a checkpoint that is %s, is told in one sentence", (_, schema, text, message) => {
  const parse = () => parseFacts(text, schema, "f.safetensors");
  expect(parse).toThrow(message);
  expect(parse).not.toThrow(/✖|→/);
});
