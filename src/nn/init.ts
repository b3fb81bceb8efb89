/**
 * First values of weights, from a seed: the same numbers on every device, whatever was drawn before. They are made in
 * float32 on the CPU (float64 for float64) and converted, because neither QR nor a seed means the same everywhere.
 */

import {
  defaultDevice,
  normal,
  orthogonalBasis,
  scope,
  type Device,
  type DType,
  type Shape,
  type Tensor,
} from "../tensor/index.js";

export interface InitOptions {
  /** Factor on every value. */
  readonly gain?: number;
  /** Default: `defaultDevice()`. */
  readonly device?: Device;
  /** Default float32. */
  readonly dtype?: DType;
}

/** A weight [out, ...] seen as a matrix [out, rest]. */
function matrixSize(shape: Shape): { readonly rows: number; readonly columns: number } {
  return { rows: shape[0], columns: shape.slice(1).reduce((product, length) => product * length, 1) };
}

const drawnAs = (dtype: DType) =>
  ({ dtype: dtype === "float64" ? "float64" : "float32", device: "cpu" }) as const;

/**
 * Random orthogonal weight [out, ...]: seen as [out, rest], its rows are orthonormal, or its columns where it is tall
 * (Saxe et al. 2014, as torch.nn.init.orthogonal_). Default gain 1.
 */
export function orthogonal(shape: Shape, seed: number, options: InitOptions = {}): Tensor {
  const { gain = 1, device = defaultDevice(), dtype = "float32" } = options;
  const { rows, columns } = matrixSize(shape);
  const wide = rows < columns;
  return scope(() => {
    const drawn = normal(wide ? [columns, rows] : [rows, columns], seed, drawnAs(dtype));
    const basis = orthogonalBasis(drawn); // [longer, shorter], orthonormal columns
    const matrix = wide ? basis.transpose(0, 1) : basis; // [rows, columns]
    return matrix.mul(gain).reshape(shape).contiguous().to({ dtype, device });
  });
}

/** Normal values with variance gain^2 / fan-in (He et al. 2015). Default gain sqrt(2), for ReLU. */
export function kaimingNormal(shape: Shape, seed: number, options: InitOptions = {}): Tensor {
  const { gain = Math.SQRT2, device = defaultDevice(), dtype = "float32" } = options;
  const deviation = gain / Math.sqrt(matrixSize(shape).columns);
  return scope(() => normal(shape, seed, { deviation, ...drawnAs(dtype) }).to({ dtype, device }));
}
