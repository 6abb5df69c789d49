/** Gradients of learned parameters, which are sums over rows. */
import type { Variable } from "../../ir/expr.js";
import type { WgslPassDescription } from "../manifest.js";
import { learnedLength } from "../spaces.js";
import { workgroupSize } from "./wgsl-row-functions.js";
import type { RowScene } from "./wgsl-row-scene.js";

/** The gradient of a learned parameter: the sum of the terms of those elements that share a number of it. */
export function learnedSum(scene: RowScene, of: Variable, p: number, count: number): WgslPassDescription {
  const { prefix, library } = scene.context;
  const terms = scene.termBuffer(count);
  const target = scene.bindings.gradient(of);
  const { type, start: starts } = scene.numbers;
  const add = library(`${type}_add`);
  const from = library(`${type}_from_f32`);
  const to = library(type === "pair" ? "pair_to_f32" : "ranged_to_limit");
  const at = (index: string): string => `${terms.variable}[${scene.termAt(p, index)}]`;
  const start = `var sum = ${scene.pair}(${starts.sum});`;
  const length = learnedLength(of);
  const name = scene.name(`${of.name.replace(/^_+/, "")}_sum`);
  if (length === "axisLength") {
    return scene.entry(
      name,
      [
        scene.group,
        `let k = group * ${workgroupSize}u + lane;`,
        `if (k >= ${scene.extent("axisLength")}) {`,
        "  return;",
        "}",
        start,
        `for (var row = 0u; row < ${scene.extent("axisOuter")} * ${scene.extent("axisInner")}; row++) {`,
        `  let i = (row / ${scene.extent("axisInner")} * ${scene.extent("axisLength")} + k) * ${scene.extent("axisInner")} + row % ${scene.extent("axisInner")};`,
        `  sum = ${add}(sum, ${from}(${at("i")}));`,
        "}",
        `${target.variable}[k] = ${to}(sum);`,
      ],
      { over: "axisLength", perWorkgroup: workgroupSize },
      [terms, target],
    );
  }
  scene.combined.add("sum");
  const isChannel = length === "channels";
  return scene.entry(
    name,
    [
      scene.group,
      `if (group >= ${isChannel ? scene.extent("channels") : "1u"}) {`,
      "  return;",
      "}",
      start,
      ...(isChannel
        ? [
            `let inner = ${scene.extent("channelInner")};`,
            `for (var j = lane; j < ${scene.extent("channelOuter")} * inner; j += ${workgroupSize}u) {`,
            `  let i = (j / inner * ${scene.extent("channels")} + group) * inner + j % inner;`,
          ]
        : [`for (var i = lane; i < ${scene.extent("size")}; i += ${workgroupSize}u) {`]),
      `  sum = ${add}(sum, ${from}(${at("i")}));`,
      "}",
      `${prefix}_workgroup_sum(sum, lane, ${workgroupSize}u);`,
      "if (lane == 0u) {",
      `  ${target.variable}[group] = ${to}(${prefix}_lane_values[0]);`,
      "}",
    ],
    { over: isChannel ? "channels" : "1", perWorkgroup: 1 },
    [terms, target],
  );
}
