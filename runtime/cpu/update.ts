/** Optimiser steps, computed in float64. */
import type { UpdateRule } from "../device.js";
import type { WasmPool } from "./pool.js";
import { vectors } from "./vectors.js";

export function update(
  rule: UpdateRule,
  parameter: Float32Array,
  gradient: Float32Array,
  state: readonly Float32Array[],
  pool: WasmPool,
): void {
  switch (rule.kind) {
    case "sgd": {
      const { lr, momentum, dampening, weightDecay, nesterov, first } = rule;
      const [velocity] = state;
      for (let i = 0; i < parameter.length; i++) {
        let g = gradient[i]! + weightDecay * parameter[i]!;
        if (velocity) {
          const v = first ? g : momentum * velocity[i]! + (1 - dampening) * g;
          velocity[i] = v;
          g = nesterov ? g + momentum * v : v;
        }
        parameter[i]! -= lr * g;
      }
      return;
    }
    case "adam": {
      const { lr, beta1, beta2, eps, weightDecay, step } = rule;
      const [first, second] = state;
      if (!first || !second) throw new Error("Adam keeps two moments");
      const size = lr / (1 - beta1 ** step);
      const root = Math.sqrt(1 - beta2 ** step);
      const arrays = [parameter, gradient, first, second];
      const inVectors = arrays.every((array) => pool.holds(array)) ? vectors() : null;
      const done = inVectors ? parameter.length - (parameter.length % 2) : 0;
      if (done > 0) {
        const [p, g, m, v] = arrays.map(({ byteOffset }) => byteOffset) as [number, number, number, number];
        inVectors?.exports.adam(p, g, m, v, done, beta1, beta2, weightDecay, size, root, eps);
      }
      for (let i = done; i < parameter.length; i++) {
        const g = gradient[i]! + weightDecay * parameter[i]!;
        const m = beta1 * first[i]! + (1 - beta1) * g;
        const v = beta2 * second[i]! + (1 - beta2) * g * g;
        first[i] = m;
        second[i] = v;
        parameter[i]! -= (size * m) / (Math.sqrt(v) / root + eps);
      }
      return;
    }
  }
}
