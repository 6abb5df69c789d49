/** Long rows: for each level of reductions a pass over pieces of rows, and one that puts these together; then one over elements. */
import type { Variable } from "../../ir/expr.js";
import type { WgslPassDescription } from "../manifest.js";
import { isPlace } from "../rows.js";
import type { CarriedSum } from "../walks.js";
import { type Buffer, storedAt } from "./wgsl-bindings.js";
import { elementAdded, relativeTo, startOf } from "./wgsl-carried-sums.js";
import { chunkLength, combination, workgroupSize } from "./wgsl-row-functions.js";
import { indented, type RowResult, type RowScene, shortRow } from "./wgsl-row-scene.js";

/** Partial results of one level. */
export function walkPass(scene: RowScene, l: number): WgslPassDescription {
  const { values, carried } = scene.form.levels[l]!;
  const terms = scene.terms(l);
  const isFirst = l === 0 && scene.nanSlot !== null;
  // All that is given counts, whatever level it is read at.
  const variables = isFirst ? [...new Set([...terms.parameters, ...scene.givenVariables()])] : terms.parameters;
  const { ofRow, ofElement, argument, buffers, given } = scene.reads(variables, isFirst);
  const { prefix, library } = scene.context;
  const partials = values.flatMap(({ kind }, v) => [
    `var partial${v} = ${scene.pair}(${scene.numbers.start[kind]});`,
    ...(isPlace(kind) ? [`var place${v} = 0xffffffffu;`] : []),
  ]);
  const of = (name: Variable): number => values.findIndex((value) => value.name === name);
  const sumName = (sum: CarriedSum): string => `carried${carried.indexOf(sum)}`;
  partials.push(...carried.map((sum) => `var ${sumName(sum)} = ${scene.pair}(${startOf(scene, sum)});`));
  const added = elementAdded(scene, carried, {
    sum: sumName,
    rest: (sum) => `term${terms.member(values.length + carried.indexOf(sum))}`,
    largest: (maximum) => `partial${of(maximum)}`,
    exponent: (maximum) => `term${terms.member(of(maximum))}`,
  });
  const updates = values.flatMap(({ kind }, v) => {
    const term = `term${terms.member(v)}`;
    if (!isPlace(kind)) return [`partial${v} = ${combination(kind, scene.numbers, library)(`partial${v}`, term)};`];
    return [
      `if (${prefix}_comes_first_${kind}(partial${v}, place${v}, ${term}, k)) {`,
      `  partial${v} = ${term};`,
      `  place${v} = k;`,
      "}",
    ];
  });
  const hyperparameters = isFirst
    ? scene.plan.activation.hyperparameters.map(({ variable }) =>
        scene.bindings.uniform(variable.name, "hyperparameter"),
      )
    : [];
  const keeps = (each: string): string => `missing = select(missing, ${each}, ${library("is_nan")}(${each}));`;
  const totals = values.flatMap(({ kind }, v) => {
    scene.combined.add(kind);
    const place = isPlace(kind);
    const index = scene.slots.get(values[v]!.name)!;
    const own = `${prefix}_lane_values[lane]`;
    return [
      `${prefix}_workgroup_${kind}(partial${v}, ${place ? `place${v}, ` : ""}lane, lanes);`,
      ...(carried.some(({ maximum }) => of(maximum) === v)
        ? [`let largest${v} = ${prefix}_lane_values[lane - lane % lanes];`]
        : []),
      ...(carried.some(({ beside }) => beside && of(beside) === v)
        ? [`let first${v} = ${prefix}_lane_places[lane - lane % lanes];`]
        : []),
      "if (row < rows && lane % lanes == 0u) {",
      ...indented(
        place
          ? [
              `let place = ${library(`${scene.numbers.type}_from_u32`)}(${prefix}_lane_places[lane]);`,
              ...scene.store("place", "partial", index),
              ...scene.store(own, "partial", index + 1),
            ]
          : scene.store(own, "partial", index),
      ),
      "}",
      "workgroupBarrier();",
    ];
  });
  totals.push(
    ...relativeTo(scene, carried, {
      sum: sumName,
      own: (maximum) => `partial${of(maximum)}`,
      largest: (maximum) => `largest${of(maximum)}`,
      isOwn: (place) => `place${of(place)} == first${of(place)}`,
    }),
    ...carried.flatMap((sum) => {
      scene.combined.add("sum");
      return [
        `${prefix}_workgroup_sum(${sumName(sum)}, lane, lanes);`,
        "if (row < rows && lane % lanes == 0u) {",
        ...indented(scene.store(`${prefix}_lane_values[lane]`, "partial", scene.slots.get(sum.name)!)),
        "}",
        "workgroupBarrier();",
      ];
    }),
  );
  const missing = isFirst
    ? [
        // A sum of numbers and NaN: nothing else is left of it but whether there was one.
        `${prefix}_workgroup_nan(missing, lane, lanes);`,
        "if (row < rows && lane % lanes == 0u) {",
        `  ${scene.rowBuffer().variable}[partial + ${scene.numbers.parts * (scene.nanSlot ?? 0)}u] = ${prefix}_lane_nan[lane];`,
        "}",
      ]
    : [];
  if (isFirst) scene.declareNaN();
  return scene.entry(
    scene.name(`walk${l}`),
    [
      ...scene.unlessShort,
      scene.group,
      `let chunks = ${prefix}_chunks();`,
      `let lanes = ${prefix}_lanes();`,
      `let rows = ${scene.extent("axisOuter")} * ${scene.extent("axisInner")};`,
      `let first = group / chunks * (${workgroupSize}u / lanes);`,
      "if (first >= rows) {",
      "  return;",
      "}",
      "let row = first + lane / lanes;",
      "let chunk = group % chunks;",
      ...partials,
      ...(isFirst ? ["var missing = 0.0;"] : []),
      "if (row < rows) {",
      ...indented([
        `let span = (${scene.extent("axisLength")} + chunks - 1u) / chunks;`,
        `let base = row / ${scene.extent("axisInner")} * ${scene.extent("axisLength")} * ${scene.extent("axisInner")} + row % ${scene.extent("axisInner")};`,
        `let end = min(${scene.extent("axisLength")}, (chunk + 1u) * span);`,
        ...ofRow,
        "for (var k = chunk * span + lane % lanes; k < end; k += lanes) {",
        ...indented([
          `let i = base + k * ${scene.extent("axisInner")};`,
          ...ofElement,
          ...given.map(keeps),
          `let term = ${scene.call(terms, argument)};`,
          ...added,
          ...updates,
        ]),
        "}",
        ...hyperparameters.map(keeps),
      ]),
      "}",
      `let partial = ${scene.at("chunk")};`,
      ...totals,
      ...missing,
    ],
    // Enough for the chunks of long rows, and few where there are none: a workgroup that does nothing takes its time, too.
    scene.hasWhole
      ? { over: "size", perWorkgroup: shortRow }
      : { over: `axisOuter * axisInner * ceil(axisLength / ${chunkLength})`, perWorkgroup: 1 },
    [...buffers, scene.rowBuffer()],
  );
}

/** Puts the chunks of each row together, and computes what depends on the row alone. */
export function rowsPass(scene: RowScene, l: number): WgslPassDescription {
  const { values, carried, picked, expressions } = scene.form.levels[l]!;
  const { prefix, library } = scene.context;
  const isFirst = l === 0 && scene.nanSlot !== null;
  const { variable } = scene.rowBuffer();
  const lines: string[] = [];
  const stores: string[] = [];
  for (const { name, kind } of values) {
    const index = scene.slots.get(name)!;
    const total = `total${index}`;
    if (isPlace(kind)) {
      const [at, place] = [`at${index}`, `place${index}`];
      const sign = kind === "first_maximum" ? ">" : "<";
      lines.push(
        scene.load(at, "slots", index).replace("let", "var"),
        scene.load(total, "slots", index + 1).replace("let", "var"),
        "for (var chunk = 1u; chunk < chunks; chunk++) {",
        ...indented([
          `let others = ${scene.at("chunk")};`,
          scene.load(place, "others", index),
          scene.load("other", "others", index + 1),
          `if (${scene.numbers.isBeyond(sign, "other", total, library)}) {`,
          `  ${total} = other;`,
          `  ${at} = ${place};`,
          "}",
        ]),
        "}",
      );
      stores.push(...scene.store(at, "slots", index));
      continue;
    }
    lines.push(
      scene.load(total, "slots", index).replace("let", "var"),
      "for (var chunk = 1u; chunk < chunks; chunk++) {",
      ...indented([
        `let others = ${scene.at("chunk")};`,
        scene.load("other", "others", index),
        `${total} = ${combination(kind, scene.numbers, library)(total, "other")};`,
      ]),
      "}",
    );
    stores.push(...scene.store(total, "slots", index));
  }
  if (carried.length > 0) {
    const slot = (name: Variable): number => scene.slots.get(name)!;
    const add = library(`${scene.numbers.type}_add`);
    const maxima = [...new Set(carried.map(({ maximum }) => maximum))];
    const places = [...new Set(carried.flatMap(({ beside }) => beside ?? []))];
    const sum = ({ name }: CarriedSum): string => `carried${slot(name)}`;
    lines.push(
      ...carried.map(({ name }) => `var total${slot(name)} = ${scene.pair}(${scene.numbers.start.sum});`),
      "for (var chunk = 0u; chunk < chunks; chunk++) {",
      ...indented([
        `let others = ${scene.at("chunk")};`,
        ...maxima.map((each) => scene.load(`largest${slot(each)}`, "others", slot(each))),
        ...places.map((each) => scene.load(`place${slot(each)}`, "others", slot(each))),
        ...carried.map((each) => scene.load(sum(each), "others", slot(each.name)).replace("let", "var")),
        ...relativeTo(scene, carried, {
          sum,
          own: (maximum) => `largest${slot(maximum)}`,
          largest: (maximum) => `total${slot(maximum)}`,
          isOwn: (place) => scene.numbers.isSame(`place${slot(place)}`, `at${slot(place)}`, library),
        }),
        ...carried.map((each) => `total${slot(each.name)} = ${add}(total${slot(each.name)}, ${sum(each)});`),
      ]),
      "}",
    );
    stores.push(...carried.flatMap(({ name }) => scene.store(`total${slot(name)}`, "slots", slot(name))));
  }
  if (isFirst) {
    const at = (slots: string): string => `${variable}[${slots} + ${scene.numbers.parts * (scene.nanSlot ?? 0)}u]`;
    lines.push(
      `var missing = ${at("slots")};`,
      "for (var chunk = 1u; chunk < chunks; chunk++) {",
      ...indented([
        `let other = ${at(scene.at("chunk"))};`,
        `missing = select(missing, other, ${library("is_nan")}(other));`,
      ]),
      "}",
    );
    stores.push(`${at("slots")} = missing;`);
  }
  const after: string[] = [];
  const buffers: Buffer[] = [];
  for (const [i, value] of picked.entries()) {
    const fn = scene.declare(`picked${l}_${i}`, [value.operand], false);
    const own = scene.reads(fn.parameters);
    const place = scene.slots.get(value.place)!;
    buffers.push(...own.buffers);
    after.push(
      "{",
      ...indented([
        scene.load("at", "slots", place),
        ...scene.elementOf(
          "at",
          `row / ${scene.extent("axisInner")} * ${scene.extent("axisLength")} * ${scene.extent("axisInner")} + row % ${scene.extent("axisInner")}`,
        ),
        ...own.ofRow.filter((line) => !line.startsWith("let slots ")),
        ...own.ofElement,
        `let value = ${scene.call(fn, own.argument)};`,
        ...scene.store("value", "slots", scene.slots.get(value.name)!),
      ]),
      "}",
    );
  }
  if (expressions.length > 0) {
    const fn = scene.declare(
      `row${l}`,
      expressions.map(({ value }) => value),
      false,
    );
    const own = scene.reads(fn.parameters);
    buffers.push(...own.buffers);
    after.push(
      ...own.ofRow.filter((line) => !line.startsWith("let slots ")),
      `let value = ${scene.call(fn, own.argument)};`,
      ...expressions.flatMap(({ name }, e) => scene.store(`value${fn.member(e)}`, "slots", scene.slots.get(name)!)),
    );
  }
  return scene.entry(
    scene.name(`rows${l}`),
    [
      ...scene.unlessShort,
      scene.group,
      `let row = group * ${workgroupSize}u + lane;`,
      `if (row >= ${scene.extent("axisOuter")} * ${scene.extent("axisInner")}) {`,
      "  return;",
      "}",
      `let chunks = ${prefix}_chunks();`,
      `let slots = ${scene.at("0u")};`,
      ...lines,
      ...stores,
      ...after,
    ],
    { over: "axisOuter * axisInner", perWorkgroup: workgroupSize },
    [...buffers, scene.rowBuffer()],
  );
}

/** One result for each row. */
export function rowResults(scene: RowScene, result: RowResult): WgslPassDescription {
  const fn = scene.declare("result", [result.root], true);
  const { ofRow, argument, buffers } = scene.reads(fn.parameters);
  const output = scene.resultBuffer(result);
  return scene.entry(
    scene.name("results"),
    [
      ...scene.unlessShort,
      scene.group,
      `let row = group * ${workgroupSize}u + lane;`,
      `if (row >= ${scene.extent("axisOuter")} * ${scene.extent("axisInner")}) {`,
      "  return;",
      "}",
      ...ofRow,
      storedAt(output, "row", scene.orNaN(scene.call(fn, argument))),
    ],
    { over: "axisOuter * axisInner", perWorkgroup: workgroupSize },
    [...buffers, scene.rowBuffer(), output],
  );
}

/** Results of the elements, and the terms of gradients that are sums. */
export function elementsPass(scene: RowScene, outputs: readonly RowResult[], place: number): WgslPassDescription {
  const part =
    scene.kernel.outputs.length > outputs.length ? `${outputs[0]?.of?.name ?? "elements"}_${place}` : "elements";
  scene.elementsFunction ||= `${part}_result`;
  const roots = outputs.map(({ root }) => root);
  const fn = scene.declare(`${part}_result`, roots, true);
  const asGiven = scene.kernel.passesNaN && scene.nanSlot === null;
  const { ofRow, ofElement, argument, buffers, given } = scene.reads(fn.parameters, asGiven);
  const passed = (value: string, of: Variable | null): string => {
    if (of !== null) return value;
    return asGiven ? given.reduce((all, each) => scene.unlessNaN(all, each), value) : scene.orNaN(value);
  };
  const { lines: stores, buffers: used } = scene.elementStores(outputs, fn, passed);
  const inner = scene.extent("axisInner");
  const length = scene.extent("axisLength");
  const needsRow = ofRow.some((line) => /\brow\b/.test(line)) || stores.some((line) => /\brow\b/.test(line));
  const needsPlace = [...ofElement, scene.call(fn, argument)].some((line) => /\bk\b/.test(line));
  return scene.entry(
    scene.name(part),
    [
      ...scene.unlessShort,
      scene.group,
      `let i = group * ${workgroupSize}u + lane;`,
      `if (i >= ${scene.extent("size")}) {`,
      "  return;",
      "}",
      ...(needsRow ? [`let row = i / (${length} * ${inner}) * ${inner} + i % ${inner};`] : []),
      ...(needsPlace ? [`let k = i / ${inner} % ${length};`] : []),
      ...ofRow,
      ...ofElement,
      `let result = ${scene.call(fn, argument)};`,
      ...stores,
    ],
    { over: "size", perWorkgroup: workgroupSize },
    [
      ...buffers,
      ...(stores.some((line) => line.includes(scene.rowBuffer().variable)) ? [scene.rowBuffer()] : []),
      ...used,
    ],
  );
}
