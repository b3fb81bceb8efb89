/** Turns what zod found wrong with an architecture into an error of this project: path, rule, value, fix. */

import { z } from "zod";
import { describeValue, valueAt, type SmashError } from "../errors.js";
import { nearestName } from "../nearest.js";
import { invalid } from "./invalid.js";

type Issue = z.core.$ZodIssue;
type Path = readonly PropertyKey[];

/** `["blocks", 0, "units"]` as `blocks[0].units`. */
function formatPath(path: Path): string {
  return path.reduce<string>((text, key) => {
    if (typeof key === "number") return `${text}[${key}]`;
    return text ? `${text}.${String(key)}` : String(key);
  }, "");
}

/** The schema of the field at this path, readonly wrappers removed. */
function schemaAt(schema: z.core.$ZodType, path: Path): z.core.$ZodType {
  if (schema instanceof z.ZodReadonly) return schemaAt(schema.unwrap(), path);
  const [key, ...rest] = path;
  if (key === undefined) return schema;
  if (schema instanceof z.ZodArray) return schemaAt(schema.element, rest);
  if (schema instanceof z.ZodObject) return schemaAt(schema.shape[String(key)] as z.core.$ZodType, rest);
  return schema;
}

function explainUnknownKey(unknown: string, path: Path, schema: z.core.$ZodType): SmashError {
  const object = schemaAt(schema, path);
  const known = object instanceof z.ZodObject ? Object.keys(object.shape) : [];
  const nearest = nearestName(unknown, known);
  return invalid(formatPath(path), {
    rule: `the known fields are ${known.join(", ")}.`,
    found: `"${unknown}".`,
    fix: nearest ? `Write "${nearest}" instead?` : "Remove it.",
  });
}

const expectedNames: Readonly<Record<string, string>> = {
  int: "an integer",
  number: "a number",
  array: "a list",
  tuple: "a list",
  object: "an object",
};

function explainRule(issue: Issue): string {
  switch (issue.code) {
    case "invalid_type":
      return `is ${expectedNames[issue.expected] ?? issue.expected}.`;
    case "invalid_value":
      return `is ${issue.values.map((value) => JSON.stringify(value)).join(" or ")}.`;
    case "too_small": {
      const bound = `${issue.inclusive ? "at least" : "more than"} ${issue.minimum}`;
      return issue.origin === "array" ? `has ${bound} items.` : `is ${bound}.`;
    }
    case "too_big": {
      const bound = `${issue.inclusive ? "at most" : "less than"} ${issue.maximum}`;
      return issue.origin === "array" ? `has ${bound} items.` : `is ${bound}.`;
    }
    // The schema has none of these; the messages stay readable should it ever have.
    case "custom":
    case "invalid_element":
    case "invalid_format":
    case "invalid_key":
    case "invalid_union":
    case "not_multiple_of":
    case "unrecognized_keys":
      return `${issue.message}.`;
  }
}

/** The error for one issue that this schema found in this JSON. */
export function explainIssue(issue: Issue, schema: z.core.$ZodType, json: unknown): SmashError {
  if (issue.code === "unrecognized_keys") return explainUnknownKey(issue.keys[0], issue.path, schema);
  const value = valueAt(json, issue.path);
  return invalid(formatPath(issue.path) || "the architecture", {
    rule: explainRule(issue),
    found: `${describeValue(value)}.`,
    fix: value === undefined ? "Add the field." : "Correct the value.",
  });
}
