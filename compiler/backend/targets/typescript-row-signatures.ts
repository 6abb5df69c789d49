/** The kernels over rows of a module: their names, what is said of them, what they read and give. */
import type { Variable } from "../../ir/expr.js";
import { exportedName } from "../../names.js";
import { formulaText } from "../../printing/definition-text.js";
import { gradientName, type KernelPlan, planRowSecondOrder } from "../kernels.js";
import type { RowOutput } from "../rows.js";

export interface RowCotangent {
  readonly variable: Variable;
  /** The result of backward that it is about; undefined: the value. */
  readonly of?: string;
}

export interface RowKernel {
  readonly name: string;
  readonly documentation: string;
  /** Arrays over the elements or rows besides the inputs, before them. */
  readonly cotangents: readonly RowCotangent[];
  readonly outputs: readonly RowOutput[];
  /** Begins the names of functions for rows that leave the range. */
  readonly exactName: string;
}

/** `softmaxForward` and `softmaxBackward`. */
export function rowKernels(plan: KernelPlan): readonly [forward: RowKernel, backward: RowKernel] {
  const { activation, cotangent, value, gradients } = plan;
  const { documentation, formula, name } = activation;
  return [
    {
      name: `${exportedName(name)}Forward`,
      exactName: `${name}_forward`,
      documentation: [...documentation, ...(documentation.length > 0 ? [""] : []), ...formula].join("\n"),
      cotangents: [],
      outputs: [{ of: null, value }],
    },
    {
      name: `${exportedName(name)}Backward`,
      exactName: `${name}_backward`,
      documentation: `The vector-Jacobian product of ${name}: what dy at the result is at each input${activation.learned.length > 0 ? " and learned parameter" : ""}.`,
      cotangents: [{ variable: cotangent }],
      outputs: gradients.map(({ of, value: gradient }) => ({ of, value: gradient })),
    },
  ];
}

/** `softmaxDoubleBackward`. */
export function secondOrderRowKernel(plan: KernelPlan): RowKernel {
  const { activation, cotangent, gradients } = plan;
  const second = planRowSecondOrder(plan);
  return {
    name: `${exportedName(activation.name)}DoubleBackward`,
    exactName: `${activation.name}_double_backward`,
    documentation: `The gradients of what ${activation.name}'s backward kernel computes, from a cotangent of each of its results.`,
    cotangents: [
      { variable: cotangent },
      ...second.cotangents.map((variable, i) => ({ variable, of: gradientName(gradients[i]!.of) })),
    ],
    outputs: second.gradients,
  };
}

/** `softmaxBackwardSaved`: backward of a plan whose input is the output. */
export function savedRowKernel({ activation, cotangent, gradients }: KernelPlan): RowKernel {
  const { name, axis, inputs } = activation;
  const lines = gradients.map(({ of, value }) => `d${of.name} = ${formulaText(value, axis?.name ?? "d")}`);
  return {
    name: `${exportedName(name)}BackwardSaved`,
    exactName: `${name}_backward_saved`,
    documentation: [`From the value ${inputs[0]!.name}:`, ...lines].join("\n"),
    cotangents: [{ variable: cotangent }],
    outputs: gradients.map(({ of, value }) => ({ of, value })),
  };
}
