/** Entry points of activations that reduce over an axis: one workgroup for each row. */
import { isReduction } from "../../calculus/differentiate.js";
import { type Application, type Expr, reachable, Space, type Variable } from "../../ir/expr.js";
import { parameterName, wgslReserved } from "../../names.js";
import { largestLiteral, repeating, wgsl } from "../dialects/wgsl.js";
import type { WgslPassDescription } from "../manifest.js";
import { NameScope } from "../naming.js";
import { printExpression } from "../../printing/print.js";
import type { WgslForm } from "../pair-form.js";
import { reachableWithinRow, reductionLevels } from "../rows.js";
import { schedule } from "../schedule.js";
import { temporaryName } from "./temporary-names.js";
import { type Buffer, WgslBindings } from "./wgsl-bindings.js";
import { type WgslKernels, workgroupReduction } from "./wgsl-element-kernels.js";
import type { WgslContext } from "./wgsl.js";

const workgroupSize = 256;
const lowest = `-${largestLiteral}`;
const highest = largestLiteral;

/** Rows are computed in single numbers. */
function singleValue(form: WgslForm): Expr {
  if (form.kind !== "single") throw new Error("rows are not computed in pairs");
  return form.value;
}

export function rowKernels(context: WgslContext): WgslKernels {
  const { plan, prefix } = context;
  const { activation } = plan;
  const bindings = new WgslBindings(prefix, "f32", [
    { name: "size", role: "extent" },
    ...(["axisOuter", "axisLength", "axisInner"] as const).map((name) => ({ name, role: "extent" }) as const),
    ...activation.hyperparameters.map(
      ({ variable, default: value }) => ({ name: variable.name, role: "hyperparameter", default: value }) as const,
    ),
  ]);
  const entries: string[] = [];
  const reductions = new Set<string>();
  const write = (
    name: string,
    tensors: readonly { of: Variable; buffer: Buffer }[],
    outputs: readonly { expr: Expr; buffer: Buffer }[],
  ): WgslPassDescription => {
    const text = new RowKernelWriter(context, bindings, reductions, name, tensors, outputs).text();
    entries.push(text);
    const used = [...tensors, ...outputs].map(({ buffer }) => buffer);
    return bindings.pass({ name, text }, { over: "axisOuter * axisInner", perWorkgroup: 1 }, workgroupSize, used);
  };
  const inputs = activation.inputs.map((of) => ({ of, buffer: bindings.input(of) }));
  const forward = write(`${prefix}_forward`, inputs, [{ expr: singleValue(context.value), buffer: bindings.output() }]);
  const backward = write(
    `${prefix}_backward`,
    [{ of: plan.cotangent, buffer: bindings.cotangent() }, ...inputs],
    context.gradients.map(({ of, form }) => ({ expr: singleValue(form), buffer: bindings.gradient(of) })),
  );
  const lanes = `${prefix}_lanes`;
  const combine: Readonly<Record<string, (a: string, b: string) => string>> = {
    sum: (a, b) => `${a} + ${b}`,
    maximum: (a, b) => `select(${a}, ${b}, ${b} > ${a})`,
    minimum: (a, b) => `select(${a}, ${b}, ${b} < ${a})`,
  };
  const shared = [
    `var<workgroup> ${lanes}: array<f32, ${workgroupSize}>;`,
    ...[...reductions].sort().map((kind) => workgroupReduction(`${prefix}_workgroup_${kind}`, lanes, combine[kind]!)),
  ];
  return {
    text: `${[bindings.text(), ...shared, ...entries].join("\n\n")}\n`,
    forward: { requires: [], passes: [forward] },
    backward: { requires: [], passes: [backward] },
  };
}

class RowKernelWriter {
  private scope = new NameScope(["workgroup", "workgroups", "lane", "row", "start", "k", "i"], [wgslReserved]);
  private readonly names = new Map<Expr, string>();
  private readonly lines: string[] = [];

  constructor(
    private readonly context: WgslContext,
    private readonly bindings: WgslBindings,
    private readonly reductions: Set<string>,
    private readonly name: string,
    private readonly tensors: readonly { readonly of: Variable; readonly buffer: Buffer }[],
    private readonly outputs: readonly { readonly expr: Expr; readonly buffer: Buffer }[],
  ) {}

  text(): string {
    const { plan, prefix } = this.context;
    for (const { variable } of plan.activation.hyperparameters) {
      this.names.set(variable, this.bindings.uniform(variable.name, "hyperparameter"));
    }
    const exprs = this.outputs.map(({ expr }) => expr);
    const bound = schedule(exprs, {
      repeating,
      hoisted: (node) => node.type === "number" && (node.space & (Space.element | Space.row)) === Space.row,
    }).bound;
    const levels = reductionLevels(bound.filter(isReduction));
    const ofRow = bound.filter((node) => !(node.space & Space.element) && !isReduction(node));
    const known = new Set<Expr>();
    for (const level of levels) {
      const accumulators = level.map((node) => {
        const partial = this.scope.claim("partial");
        const start = node.primitive === "maximum" ? lowest : node.primitive === "minimum" ? highest : "0.0";
        this.lines.push(`var ${partial} = ${start};`);
        return { node, partial };
      });
      this.pass(
        bound,
        level.map((node) => node.operands[0]!),
        () =>
          accumulators.flatMap(({ node, partial }) => {
            const value = this.print(node.operands[0]!, false);
            if (node.primitive === "sum") return [`${partial} += ${value};`];
            const sign = node.primitive === "maximum" ? ">" : "<";
            return [`${partial} = select(${partial}, ${value}, ${value} ${sign} ${partial});`];
          }),
      );
      for (const { node, partial } of accumulators) {
        const name = this.scope.claim(
          node.primitive === "maximum" ? "largest" : node.primitive === "minimum" ? "smallest" : "total",
        );
        this.reductions.add(node.primitive);
        this.lines.push(`let ${name} = ${prefix}_workgroup_${node.primitive}(${partial}, lane);`);
        this.names.set(node, name);
        known.add(node);
      }
      for (const node of ofRow) {
        if (
          !this.names.has(node) &&
          reachable([node])
            .filter(isReduction)
            .every((inner) => known.has(inner))
        ) {
          this.lines.push(this.bind(node));
        }
      }
    }
    this.pass(bound, exprs, () =>
      this.outputs.map(({ expr, buffer }) => `${buffer.variable}[i] = ${this.print(expr, false)};`),
    );
    const extent = (name: string): string => this.bindings.uniform(name, "extent");
    return [
      `@compute @workgroup_size(${workgroupSize})`,
      `fn ${this.name}(`,
      "  @builtin(workgroup_id) workgroup: vec3<u32>,",
      "  @builtin(num_workgroups) workgroups: vec3<u32>,",
      "  @builtin(local_invocation_index) lane: u32,",
      ") {",
      ...[
        "let row = workgroup.y * workgroups.x + workgroup.x;",
        `if (row >= ${extent("axisOuter")} * ${extent("axisInner")}) {`,
        "  return;",
        "}",
        `let start = (row / ${extent("axisInner")}) * ${extent("axisLength")} * ${extent("axisInner")} + row % ${extent("axisInner")};`,
        ...this.lines,
      ].map((line) => `  ${line}`),
      "}",
    ].join("\n");
  }

  /** One walk over the row, the threads taking turns. */
  private pass(bound: readonly Application[], roots: readonly Expr[], finish: () => string[]): void {
    const needed = new Set(reachableWithinRow(roots));
    const before = new Map(this.names);
    const outerScope = this.scope;
    this.scope = outerScope.inner();
    const body: string[] = [`let i = start + k * ${this.bindings.uniform("axisInner", "extent")};`];
    for (const { of, buffer } of this.tensors) {
      if (!needed.has(of)) continue;
      const name = this.scope.claim(parameterName(of.name));
      this.names.set(of, name);
      body.push(`let ${name} = ${buffer.variable}[i];`);
    }
    for (const node of bound) if (needed.has(node) && node.space & Space.element) body.push(this.bind(node));
    body.push(...finish());
    for (const node of needed) if (!before.has(node)) this.names.delete(node);
    this.scope = outerScope;
    this.lines.push(
      `for (var k = lane; k < ${this.bindings.uniform("axisLength", "extent")}; k += ${workgroupSize}u) {`,
      ...body.map((line) => `  ${line}`),
      "}",
    );
  }

  private bind(node: Application): string {
    const text = this.print(node, true);
    const name = this.scope.claim(temporaryName(node, this.context.plan));
    this.names.set(node, name);
    return `let ${name} = ${text};`;
  }

  private print(node: Expr, itself: boolean): string {
    const { library } = this.context;
    return printExpression(node, { dialect: wgsl, nameOf: (inner) => this.names.get(inner), library }, itself);
  }
}
