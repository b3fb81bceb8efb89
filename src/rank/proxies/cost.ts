/** Size as a predictor: larger networks tend to be better. */

import { countCost } from "../../arch/index.js";
import type { Proxy } from "./proxy.js";

export const parametersProxy: Proxy = {
  name: "parameters",
  score: (architecture) => -countCost(architecture).parameters,
};

export const flopsProxy: Proxy = {
  name: "flops",
  score: (architecture) => -countCost(architecture).flops,
};
