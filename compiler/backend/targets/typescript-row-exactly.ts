/**
 * A row in wide arithmetic, for a kernel in TypeScript: where a number that later walks need has left the range, the row is
 * computed again. What is infinite stands for 2^800 there, so that inf / inf is what it tends to.
 */
import { apply, axisLength, type Expr, rebuild, Space, type Variable } from "../../ir/expr.js";
import { typescriptName } from "../../machine/index.js";
import { wideFunction } from "../exact-form.js";
import type { MachineFunction } from "../machine-functions.js";
import type { ReductionKind, RowPlan } from "../rows.js";

/** The exponent of what stands for infinity. */
const infinite = 800;

/** What the kernel knows. */
export interface ExactRowScene {
  /** Begins the names of functions. */
  readonly name: string;
  /** In normal form, nothing lowered. */
  readonly rows: RowPlan;
  readonly claim: (name: string) => string;
  /** The variable's number at an element, or of the row. */
  readonly numberOf: (variable: Variable) => string;
  /** What stands before the elements' numbers are read: where they are, and what is drawn. */
  readonly before: (needed: ReadonlySet<Variable>, stores: boolean) => readonly string[];
  /** Stores the result of a root. */
  readonly store: (root: number, text: string) => string;
  /** Roots of which each element has a result; the others have one for the row. */
  readonly isAlong: (root: number) => boolean;
}

export interface ExactRow {
  readonly lines: readonly string[];
  readonly functions: readonly MachineFunction[];
  /** Names of functions in the wide library that are called. */
  readonly library: readonly string[];
}

/** Begins what is for rows whose numbers have not left the range. */
export function whereInRange(numbers: readonly string[], divisors: ReadonlySet<string>, outside: string): string[] {
  // A number less itself is 0 where it is finite; 0 over a divisor is, unless that has all but vanished.
  const [first = "0", ...others] = numbers;
  const differences = [
    `${first} - ${first}`,
    ...others.map((name) => `(${name} - ${name})`),
    ...numbers.filter((name) => divisors.has(name)).map((name) => `0 / (${name} * 2 ** -100)`),
  ];
  return [
    "// 0 where all of these numbers are finite, and none that divides has all but vanished.",
    `const ${outside} = ${differences.join(" + ")};`,
    `if (${outside} === 0) {`,
  ];
}

const loop = "for (let k = 0, i = start; k < axisLength; k++, i += axisInner) {";
const from = "wide_from_f64";

export function exactRow(scene: ExactRowScene): ExactRow {
  const functions: MachineFunction[] = [];
  const library = new Set<string>();
  const called = (name: string, ...operands: readonly string[]): string => {
    library.add(name);
    return `${typescriptName(name, "function")}(${operands.join(", ")})`;
  };
  const written = (expr: Expr): MachineFunction => {
    const made = wideFunction(`${scene.name}_part${functions.length}`, plainly(expr));
    functions.push(made);
    return made;
  };
  const names = new Map<Variable, string>();
  const missing = scene.claim("missing");
  const lines: string[] = [`let ${missing} = 0;`];

  /** What a variable is called, and how it comes about if it has no name yet. */
  const wideOf = (variable: Variable): { readonly name: string; readonly line: string | null } => {
    const known = names.get(variable);
    if (known !== undefined) return { name: known, line: null };
    const name = scene.claim(
      `${variable === axisLength() ? "length" : scene.numberOf(variable).replace(/\W/g, "")}Wide`,
    );
    const number = called(from, scene.numberOf(variable));
    const value = variable.role === "input" ? called("wide_moved", number, `${infinite}n`) : number;
    return { name, line: `const ${name} = ${value};` };
  };
  /** A walk over the row. `finish` gets the texts of the expressions. */
  const walk = (exprs: readonly Expr[], looksForNaN: boolean, finish: (texts: readonly string[]) => string[]): void => {
    const made = exprs.map(written);
    const needed = new Set(made.flatMap(({ variables }) => variables));
    const own = new Map<Variable, string>();
    const inside: string[] = [...scene.before(needed, !looksForNaN)];
    for (const variable of needed) {
      const { name, line } = wideOf(variable);
      own.set(variable, name);
      if (line === null) continue;
      const varies = variable.space > Space.uniform;
      (varies ? inside : lines).push(line);
      if (!varies) names.set(variable, name);
      if (looksForNaN && variable.role === "input")
        inside.push(`${missing} += 0 * Math.sign(${scene.numberOf(variable)});`);
    }
    const texts = made.map((each) => {
      const operands = each.variables.map((variable) => own.get(variable)!);
      return `${typescriptName(each.name, "function")}(${operands.join(", ")})`;
    });
    lines.push(loop, ...inside, ...finish(texts), "}");
  };

  scene.rows.levels.forEach((level, l) => {
    const starts: string[] = [];
    const owns = level.map(({ kind }) => scene.claim(`${accumulators[kind]}Wide`));
    const bests = level.map(({ kind }) => (isPlace(kind) ? scene.claim("bestWide") : ""));
    level.forEach(({ kind }, v) => {
      starts.push(`let ${owns[v]!} = ${isPlace(kind) ? "0" : called(from, "0")};`);
      if (isPlace(kind)) starts.push(`let ${bests[v]!} = ${called(from, "0")};`);
    });
    lines.push(...starts);
    walk(
      level.map(({ operand }) => operand),
      l === 0,
      (texts) =>
        level.flatMap(({ kind }, v) => {
          const [own, best, text] = [owns[v]!, bests[v]!, texts[v]!];
          switch (kind) {
            case "sum":
              return [`${own} = ${called("wide_add", own, text)};`];
            case "maximum":
            case "minimum":
              return [
                `${own} = k === 0 ? ${text} : ${called(kind === "maximum" ? "wide_max" : "wide_min", own, text)};`,
              ];
            case "first_maximum":
            case "first_minimum": {
              const term = scene.claim("term");
              const order = kind === "first_maximum" ? [best, term] : [term, best];
              return [
                `const ${term} = ${text};`,
                `if (k === 0 || ${called("wide_less", ...order)}) {`,
                `${best} = ${term};`,
                `${own} = k;`,
                "}",
              ];
            }
          }
        }),
    );
    level.forEach(({ name, kind }, v) => {
      if (!isPlace(kind)) return void names.set(name, owns[v]!);
      const place = scene.claim("placeWide");
      lines.push(`const ${place} = ${called(from, owns[v]!)};`);
      names.set(name, place);
    });
  });

  const stored = (root: number, text: string): string =>
    scene.store(root, `${called("wide_to_f64", text)} + ${missing}`);
  const roots = scene.rows.roots.map((expr, i) => ({ expr, i }));
  const along = roots.filter(({ i }) => scene.isAlong(i));
  const once = roots.filter(({ i }) => !scene.isAlong(i));
  if (along.length > 0)
    walk(
      along.map(({ expr }) => expr),
      false,
      (texts) => along.map(({ i }, t) => stored(i, texts[t]!)),
    );
  for (const { expr, i } of once) {
    const made = written(expr);
    const operands = made.variables.map((variable) => {
      const { name, line } = wideOf(variable);
      if (line !== null) lines.push(line);
      names.set(variable, name);
      return name;
    });
    lines.push(stored(i, `${typescriptName(made.name, "function")}(${operands.join(", ")})`));
  }
  return { lines, functions, library: [...library] };
}

const isPlace = (kind: ReductionKind): boolean => kind === "first_maximum" || kind === "first_minimum";

const accumulators: Readonly<Record<ReductionKind, string>> = {
  sum: "sum",
  maximum: "largest",
  minimum: "smallest",
  first_maximum: "largestAt",
  first_minimum: "smallestAt",
};

/** Nothing is infinite here. */
const plainly = (root: Expr): Expr =>
  rebuild(root, (node, operands) =>
    apply(node.primitive === "excess" ? "subtract" : node.primitive, operands, node.rule),
  );
