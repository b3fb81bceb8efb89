/** Every test's tensors go to the device that SMASH_TEST_DEVICE names, such as cuda; to the CPU where it names none. */

import { resolveDevice, setDefaultDevice } from "../src/tensor/index.js";

const { SMASH_TEST_DEVICE: device } = process.env;
if (device) setDefaultDevice(resolveDevice(device));
