/** Independent samples of the space (SMASH section 4: 500 of them). */

import type { Strategy } from "./strategy.js";

export const randomSearch: Strategy = {
  name: "random",
  propose: (_history, { space, random }) => ({ architecture: space.sample(random) }),
};
