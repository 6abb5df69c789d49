/** Short rows: one workgroup computes all of a row. */
import type { Variable } from "../../ir/expr.js";
import type { WgslPassDescription } from "../manifest.js";
import { isAlong, isPlace } from "../rows.js";
import type { CarriedSum } from "../walks.js";
import { type Buffer, storedAt } from "./wgsl-bindings.js";
import { elementAdded, relativeTo, startOf } from "./wgsl-carried-sums.js";
import { combination, workgroupSize } from "./wgsl-row-functions.js";
import { indented, localText, type RowResult, type RowScene, shortRow } from "./wgsl-row-scene.js";

/**
 * All of a row at once, where a workgroup's threads have some elements each: they read them once, and find them in the cache
 * from then on.
 * @param group the results that each element has
 * @param isSplit whether other passes compute these one by one
 */
export function shortRows(
  scene: RowScene,
  results: readonly RowResult[],
  group: readonly RowResult[],
  isSplit: boolean,
): WgslPassDescription {
  const { prefix, library } = scene.context;
  const { levels } = scene.form;
  const scope = scene.locals.inner();
  const known = new Map<Variable, string>();
  const buffers: Buffer[] = [];
  const lines: string[] = [];
  const inner = scene.extent("axisInner");
  const walk = (own: ReturnType<typeof scene.reads>, body: readonly string[]): string[] => [
    ...own.ofRow,
    "for (var k = lane % lanes; k < end; k += lanes) {",
    ...indented([`let i = base + k * ${inner};`, ...own.ofElement, ...body]),
    "}",
  ];
  const block = (body: readonly string[]): string[] => ["{", ...indented(body), "}"];
  const keeps = (each: string): string => `missing = select(missing, ${each}, ${library("is_nan")}(${each}));`;
  const findsNaN = scene.nanSlot !== null;
  if (findsNaN) lines.push("var missing = 0.0;");
  levels.forEach(({ values, carried, picked, expressions }, l) => {
    const terms = scene.terms(l);
    const isFirst = l === 0 && findsNaN;
    const variables = isFirst ? [...new Set([...terms.parameters, ...scene.givenVariables()])] : terms.parameters;
    const own = scene.reads(variables, isFirst, { scope: scope.inner(), known });
    buffers.push(...own.buffers);
    const partial = values.map((_, v) => scope.claim(`partial${v}`));
    const place = values.map(({ kind }, v) => (isPlace(kind) ? scope.claim(`place${v}`) : ""));
    values.forEach(({ kind }, v) => {
      lines.push(`var ${partial[v]!} = ${scene.pair}(${scene.numbers.start[kind]});`);
      if (isPlace(kind)) lines.push(`var ${place[v]!} = 0xffffffffu;`);
    });
    const sums = carried.map(() => scope.claim("carried"));
    carried.forEach((sum, c) => lines.push(`var ${sums[c]!} = ${scene.pair}(${startOf(scene, sum)});`));
    const sumName = (sum: CarriedSum): string => sums[carried.indexOf(sum)]!;
    const of = (name: Variable): number => values.findIndex((each) => each.name === name);
    const added = elementAdded(scene, carried, {
      sum: sumName,
      rest: (sum) => `term${terms.member(values.length + carried.indexOf(sum))}`,
      largest: (maximum) => partial[of(maximum)]!,
      exponent: (maximum) => `term${terms.member(of(maximum))}`,
    });
    const updates = values.flatMap(({ kind }, v) => {
      const term = `term${terms.member(v)}`;
      if (!isPlace(kind)) return [`${partial[v]!} = ${combination(kind, scene.numbers, library)(partial[v]!, term)};`];
      return [
        `if (${prefix}_comes_first_${kind}(${partial[v]!}, ${place[v]!}, ${term}, k)) {`,
        `  ${partial[v]!} = ${term};`,
        `  ${place[v]!} = k;`,
        "}",
      ];
    });
    const given = isFirst
      ? scene.plan.activation.hyperparameters.map(({ variable }) =>
          keeps(scene.bindings.uniform(variable.name, "hyperparameter")),
        )
      : [];
    lines.push(
      ...block([
        ...walk(own, [...own.given.map(keeps), `let term = ${scene.call(terms, own.argument)};`, ...added, ...updates]),
        ...given,
      ]),
    );
    const firsts = new Map<Variable, string>();
    values.forEach(({ name, kind }, v) => {
      const total = scope.claim(localText(name));
      const reduced = isPlace(kind)
        ? `${library(`${scene.numbers.type}_from_u32`)}(${prefix}_lane_places[head])`
        : `${prefix}_lane_values[head]`;
      lines.push(
        `${prefix}_workgroup_${kind}(${partial[v]!}, ${isPlace(kind) ? `${place[v]!}, ` : ""}lane, lanes);`,
        `let ${total} = ${reduced};`,
      );
      if (carried.some(({ beside }) => beside === name)) {
        const first = scope.claim("firstPlace");
        lines.push(`let ${first} = ${prefix}_lane_places[head];`);
        firsts.set(name, first);
      }
      lines.push("workgroupBarrier();");
      known.set(name, total);
    });
    if (carried.length > 0)
      lines.push(
        ...block(
          relativeTo(scene, carried, {
            sum: sumName,
            own: (maximum) => partial[of(maximum)]!,
            largest: (maximum) => known.get(maximum)!,
            isOwn: (at) => `${place[of(at)]!} == ${firsts.get(at)!}`,
          }),
        ),
      );
    for (const sum of carried) {
      const total = scope.claim(localText(sum.name));
      scene.combined.add("sum");
      lines.push(
        `${prefix}_workgroup_sum(${sumName(sum)}, lane, lanes);`,
        `let ${total} = ${prefix}_lane_values[head];`,
        "workgroupBarrier();",
      );
      known.set(sum.name, total);
    }
    picked.forEach((value, i) => {
      const fn = scene.declare(`picked${l}_${i}`, [value.operand], false);
      const at = scene.reads(fn.parameters, false, { scope: scope.inner(), known });
      const name = scope.claim(localText(value.name));
      buffers.push(...at.buffers);
      lines.push(
        `var ${name} = ${scene.pair}(${scene.numbers.start.sum});`,
        ...block([
          ...scene.elementOf(known.get(value.place)!, "base"),
          ...at.ofRow,
          ...at.ofElement,
          `${name} = ${scene.call(fn, at.argument)};`,
        ]),
      );
      known.set(value.name, name);
    });
    if (expressions.length === 0) return;
    const fn = scene.declare(
      `row${l}`,
      expressions.map(({ value }) => value),
      false,
    );
    const ofRow = scene.reads(fn.parameters, false, { scope, known });
    buffers.push(...ofRow.buffers);
    const value = scope.claim(`value${l}`);
    lines.push(...ofRow.ofRow, `let ${value} = ${scene.call(fn, ofRow.argument)};`);
    expressions.forEach(({ name }, e) => known.set(name, `${value}${fn.member(e)}`));
  });
  if (findsNaN) lines.push(`${prefix}_workgroup_nan(missing, lane, lanes);`, `missing = ${prefix}_lane_nan[head];`);
  const passed = (value: string, of: Variable | null): string =>
    findsNaN && of === null ? scene.unlessNaN(value, "missing") : value;
  for (const result of results.filter((each) => !isAlong(each, scene.plan.yieldsRows))) {
    const fn = scene.declare("result", [result.root], true);
    const own = scene.reads(fn.parameters, false, { scope: scope.inner(), known });
    const output = scene.resultBuffer(result);
    buffers.push(...own.buffers, output);
    const store = storedAt(output, "row", passed(scene.call(fn, own.argument), result.of));
    lines.push("if (row < rows && lane == head) {", ...indented([...own.ofRow, store]), "}");
  }
  if (group.length > 0) {
    const fn = scene.declare(
      isSplit ? "whole_result" : scene.elementsFunction,
      group.map(({ root }) => root),
      true,
    );
    const own = scene.reads(fn.parameters, false, { scope: scope.inner(), known });
    const stores = scene.elementStores(group, fn, passed);
    buffers.push(...own.buffers, ...stores.buffers);
    lines.push(...block(walk(own, [`let result = ${scene.call(fn, own.argument)};`, ...stores.lines])));
  }
  const length = scene.extent("axisLength");
  return scene.entry(
    scene.name("whole"),
    [
      `if (${length} > ${shortRow}u) {`,
      "  return;",
      "}",
      scene.group,
      `let lanes = ${prefix}_lanes();`,
      `let rows = ${scene.extent("axisOuter")} * ${inner};`,
      `let first = group * (${workgroupSize}u / lanes);`,
      "if (first >= rows) {",
      "  return;",
      "}",
      "let row = first + lane / lanes;",
      "let head = lane - lane % lanes;",
      `let base = row / ${inner} * ${length} * ${inner} + row % ${inner};`,
      `let end = select(0u, ${length}, row < rows);`,
      ...lines,
    ],
    { over: "axisOuter * axisInner", perWorkgroup: 1 },
    buffers,
  );
}
