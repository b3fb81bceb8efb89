/** For tests of what is the CPU's alone, on whatever device the others run. */

import { defaultDevice, setDefaultDevice } from "./index.js";

/** `body` with tensors on the CPU. */
export function onCpu<Arguments extends unknown[]>(body: (...values: Arguments) => void) {
  return (...values: Arguments): void => {
    const device = defaultDevice();
    setDefaultDevice("cpu");
    try {
      body(...values);
    } finally {
      setDefaultDevice(device);
    }
  };
}
