import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Random } from "../random.js";
import type { Architecture } from "./any-architecture.js";
import { createSpace } from "./create-space.js";
import { encode, encodingChange } from "./encoding-change.js";
import type { SpaceSettings } from "./search-space.js";
import { everyOption, smallSpace } from "./space.fixture.js";

const cells = {
  name: "nas-bench-201",
  channels: 16,
  cells: 5,
  sampling: "uniform",
  input: { channels: 3, size: 32 },
  classes: 10,
} as const;
