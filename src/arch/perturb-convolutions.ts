/** Changes the convolutions and gates of one layer. What the settings leave no choice in is no element. */

import type { Convolution, Layer } from "./architecture.js";
import {
  axisChoices,
  dilationChoices,
  drawConvolution,
  gateChoices,
  groupChoices,
  kernelChoices,
  positionChoices,
  positionSets,
} from "./convolution-choices.js";
import { drawOther } from "./layer-choices.js";
import type { PerturbPass } from "./perturb-layer.js";

/** The places taken, or those of another set with the sampler's probabilities. */
function perturbPositions(layer: Layer, { settings, random, isResampled }: PerturbPass): readonly number[] {
  const positions = layer.convolutions.map(({ position }) => position);
  if (positionChoices(settings).length === 1 || !isResampled()) return positions;
  const others = positionSets.filter((set) => set.positions.join() !== positions.join());
  return others[random.weighted(others.map(({ probability }) => probability))].positions;
}

/** A smaller kernel keeps its dilation, a larger one as much of it as fits. */
function perturbConvolution(convolution: Convolution, pass: PerturbPass): Convolution {
  const { settings, random, isResampled } = pass;
  const kernels = kernelChoices(settings);
  const sides = axisChoices(settings).map(([axis]) => (axis === "height" ? 0 : 1));
  const sizes = sides.map((side) => {
    const size = convolution.kernel[side];
    return kernels.length > 1 && isResampled() ? drawOther(random, kernels, size) : size;
  });
  const dilations = sides.map((side, index) => {
    const options = dilationChoices(settings, sizes[index]);
    const current = Math.min(convolution.dilation[side], options.at(-1)!);
    return isResampled() ? drawOther(random, options, current) : current;
  });
  const groupOptions = groupChoices(settings);
  const { position, groups, activation } = convolution;
  return {
    position,
    kernel: [sizes[0], sizes.at(-1)!],
    dilation: [dilations[0], dilations.at(-1)!],
    groups: groupOptions.length > 1 && isResampled() ? drawOther(random, groupOptions, groups) : groups,
    activation:
      settings.activations.length > 1 && isResampled()
        ? drawOther(random, settings.activations, activation)
        : activation,
  };
}

/** The convolutions with some elements resampled; those at places newly taken are drawn. */
export function perturbConvolutions(layer: Layer, pass: PerturbPass): Pick<Layer, "convolutions" | "gates"> {
  const { settings, random, isResampled } = pass;
  const positions = perturbPositions(layer, pass);
  const convolutions = positions.map((position) => {
    const current = layer.convolutions.find((candidate) => candidate.position === position);
    return current ? perturbConvolution(current, pass) : drawConvolution(settings, random, { position });
  });
  const gates = gateChoices(settings, positions).filter(
    (junction) => layer.gates.includes(junction) !== isResampled(),
  );
  return { convolutions, gates };
}
