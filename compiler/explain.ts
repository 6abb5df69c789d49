/** How the derivative of one activation came about, for `actc explain`. */
import { normalise } from "./algebra/normalise.js";
import { derivationsOf, normalFormOf, type Derivation } from "./analysis/derivation.js";
import { plotPanel } from "./analysis/plot.js";
import { expandedAsWritten } from "./calculus/as-written.js";
import { formulaText } from "./printing/definition-text.js";
import { wrapped } from "./analysis/wrap.js";
import { findKinks, type Kink } from "./calculus/kinks.js";
import { expandCalls, isReduction } from "./calculus/differentiate.js";
import { activationOf, readDefinitions } from "./compile.js";
import type { Diagnostic } from "./diagnostics.js";
import { suggestion } from "./suggestion.js";
import type { Activation } from "./ir/activation.js";
import { apply, constant, type Expr, inFreshGraph, reachable, rebuild, type Variable } from "./ir/expr.js";
import { inEvaluation, withNamedValues } from "./ir/random.js";
import { sampler } from "./numerics/sample.js";
import { latexName, latexOf } from "./printing/latex.js";
import type { Source } from "./source.js";

export interface ExplainOptions {
  readonly format: "text" | "latex" | "plot";
  /** Columns of the terminal. */
  readonly width: number;
}

export function explain(
  source: Source,
  name: string,
  options: ExplainOptions,
): { text: string; diagnostics: readonly Diagnostic[] } {
  const { definitions, diagnostics } = readDefinitions([source]);
  const checked = definitions.find(({ definition }) => definition.name.text === name);
  if (!checked)
    return {
      text: "",
      diagnostics: notFound(
        source,
        name,
        definitions.map(({ definition }) => definition.name.text),
        diagnostics,
      ),
    };
  const { span } = checked.definition;
  const own = diagnostics.filter(
    (diagnostic) => diagnostic.span.start >= span.start && diagnostic.span.end <= span.end,
  );
  return inFreshGraph(() => {
    const { activation, diagnostics: found } = activationOf(checked);
    if (!activation) return { text: "", diagnostics: [...own, ...found] };
    const width = Math.max(40, Math.min(options.width, 120));
    return { text: textOf(activation, options.format, width), diagnostics: [...own, ...found] };
  });
}

/** Where the definition is there, but has errors, these; else that there is none of that name. */
function notFound(
  source: Source,
  name: string,
  names: readonly string[],
  diagnostics: readonly Diagnostic[],
): Diagnostic[] {
  const errors = diagnostics.filter(({ severity }) => severity === "error");
  const written = new RegExp(`^${name.replace(/\W/g, "\\$&")}\\s*\\(`, "m").exec(source.text);
  if (written && errors.length > 0) return errors;
  const near = suggestion(name, names);
  const known =
    names.length === 0
      ? "the file has no definitions"
      : `the file defines ${names.slice(0, 8).join(", ")}${names.length > 8 ? ", …" : ""}`;
  return [
    {
      code: "unknown-name",
      severity: "error",
      file: source.file,
      span: { start: 0, end: 0 },
      message: `no definition is called '${name}'`,
      hint: near === undefined ? known : `did you mean '${near}'?`,
    },
  ];
}

function textOf(activation: Activation, format: ExplainOptions["format"], width: number): string {
  switch (format) {
    case "text":
      return explanation(activation, width);
    case "latex":
      return latex(activation);
    case "plot":
      return plot(activation, width).join("\n") + "\n";
  }
}

function explanation(whole: Activation, width: number): string {
  const activation = withNamedValues(whole);
  const axis = activation.axis?.name ?? "d";
  const lines = [...activation.documentation.flatMap((line) => wrapped(line, width, "# ")), ...activation.formula, ""];
  lines.push("Normal form", ...wrapped(formulaText(normalFormOf(activation), axis), width, "  "), "");
  for (const derivation of derivationsOf(activation))
    lines.push(...derivationText(derivation, activation, axis, width), "");
  const kinks = findKinks(inEvaluation(whole));
  if (kinks.length > 0) lines.push("Kinks", ...kinkTable(kinks, width), "");
  return [...lines, ...plot(whole, width)].join("\n") + "\n";
}

function derivationText(
  { variable, kind, steps, result }: Derivation,
  activation: Activation,
  axis: string,
  width: number,
): string[] {
  const { name } = variable;
  if (kind === "declared")
    return [
      `Derivative in ${name}, as the grad clause declares it`,
      ...wrapped(formulaText(result, axis), width, "  "),
    ];
  if (kind === "gradient") {
    const heading = `Gradient in ${name}, for the cotangent dy: what a sum over ${axis} passes back is summed over ${axis}`;
    return [...wrapped(heading, width, ""), ...wrapped(`d${name} = ${formulaText(result, axis)}`, width, "  ")];
  }
  const lines = [`Derivative in ${name}`];
  steps.forEach((step, i) => {
    const number = `${i + 1}.`.padStart(4);
    lines.push(
      ...wrapped(`${number} ${step.rule}${step.general === null ? "" : `: ${step.general}`}`, width, "", "     "),
    );
    lines.push(...wrapped(`(${formulaText(step.of, axis)})'`, width, "     "));
    lines.push(...wrapped(`= ${formulaText(step.derivative, axis)}`, width, "     ", "       "));
  });
  if (steps.length === 0) lines.push("     nothing depends on it");
  lines.push(...wrapped(`d${activation.name}/d${name} = ${formulaText(result, axis)}`, width, "  ", "    "));
  return lines;
}

function kinkTable(kinks: readonly Kink[], width: number): string[] {
  const head = ["at", "decided by", "value", "left", "right", "chosen"];
  const rows = kinks.map((kink) => [
    kink.at.includes("=") ? kink.at : `${kink.input.name} = ${kink.at}`,
    kink.condition,
    kink.continuous ? String(kink.value) : `${kink.value} (jumps)`,
    kink.left,
    kink.right,
    kink.chosen,
  ]);
  const columns = head.map((title, i) => Math.max(title.length, ...rows.map((row) => row[i]?.length ?? 0)));
  if (columns.reduce((sum, column) => sum + column + 2, 0) <= width) {
    return [head, ...rows].map((row) => `  ${row.map((cell, i) => cell.padEnd(columns[i] ?? 0)).join("  ")}`.trimEnd());
  }
  return rows.flatMap((row) =>
    row.flatMap((cell, i) =>
      wrapped(`${i === 0 ? "" : `${head[i] ?? ""}: `}${cell}`, width, i === 0 ? "  " : "    ", "      "),
    ),
  );
}

/** Value and derivative in evaluation, over -5 to 5, or over a range around the kinks; other inputs are held at 1. */
function plot(whole: Activation, width: number): string[] {
  const activation = inEvaluation(whole);
  const [input] = activation.inputs;
  if (!input) return [`no plot: ${activation.name} has no input`];
  if (reachable([activation.body]).some(isReduction)) {
    return [`no plot: a value of ${activation.name} depends on all the inputs along the axis`];
  }
  const parameters = [...activation.hyperparameters, ...activation.learned];
  const variables: Variable[] = [...activation.inputs, ...parameters.map(({ variable }) => variable)];
  const derivation = derivationsOf(activation).find(({ variable }) => variable === input);
  const defaults = parameters.map((parameter) => parameter.default);
  const along =
    (run: (values: readonly number[]) => number) =>
    (x: number): number =>
      run([x, ...activation.inputs.slice(1).map(() => 1), ...defaults]);
  const far = findKinks(activation)
    .filter((kink) => kink.input === input && Math.abs(kink.point) < 30)
    .reduce((most, { point }) => Math.max(most, Math.abs(point)), 0);
  const reach = far > 4 ? Math.ceil(far * 1.25) : 5;
  const held = activation.inputs.slice(1).map(({ name }) => `${name} = 1`);
  const set = parameters.map((parameter) => `${parameter.variable.name} = ${parameter.default}`);
  const aside = [...held, ...set].join(", ");
  const panel = (title: string, f: (x: number) => number): string[] =>
    plotPanel(f, {
      title: title.length > width - 12 ? `${title.slice(0, width - 13)}…` : title,
      from: -reach,
      to: reach,
      width,
      height: 10,
    });
  const value = sampler(expandCalls(normalise(activation.body)), variables, "binary64");
  const lines = panel(`${activation.name}${aside === "" ? "" : `, ${aside}`}`, along(value));
  if (!derivation || derivation.kind === "gradient") return lines;
  const slope = sampler(expandCalls(derivation.result), variables, "binary64");
  return [...lines, "", ...panel(`d${activation.name}/d${input.name}`, along(slope))];
}

function latex(whole: Activation): string {
  const activation = withNamedValues(whole);
  const axis = activation.axis?.name ?? "d";
  const name = `\\operatorname{${activation.name.replaceAll("_", "\\_")}}`;
  const inputs = activation.inputs.map((input) => latexName(input.name)).join(", ");
  const head = `${name}(${inputs})`;
  const display = (content: string): string => `\\[\n  ${content}\n\\]`;
  const blocks = [display(`${head} = ${latexOf(withoutOnes(expandedAsWritten(activation.body)), axis)}`)];
  for (const { variable, kind, result } of derivationsOf(activation)) {
    const left =
      kind === "gradient"
        ? `\\mathrm{d}${latexName(variable.name)}`
        : `\\frac{\\partial}{\\partial ${latexName(variable.name)}} ${head}`;
    blocks.push(display(`${left} = ${latexOf(result, axis)}`));
  }
  for (const { input, formulas } of findKinks(inEvaluation(whole))) {
    const variable = latexName(input.name);
    const at = latexOf(formulas.at);
    const rows = [
      `${latexOf(formulas.left)} & ${variable} \\uparrow ${at}`,
      `${latexOf(formulas.chosen)} & ${variable} = ${at}`,
      `${latexOf(formulas.right)} & ${variable} \\downarrow ${at}`,
    ];
    const cases = `\\begin{cases} ${rows.join(" \\\\ ")} \\end{cases}`;
    blocks.push(display(`\\frac{\\partial}{\\partial ${variable}} ${head} = ${cases}`));
  }
  return `${blocks.join("\n\n")}\n`;
}

/** Defaults of called definitions leave factors of 1 behind. */
function withoutOnes(root: Expr): Expr {
  return rebuild(root, (node, operands) => {
    const [a, b] = operands;
    if (node.primitive === "multiply" && a === constant(1)) return b!;
    if ((node.primitive === "multiply" || node.primitive === "divide" || node.primitive === "pow") && b === constant(1))
      return a!;
    return apply(node.primitive, operands, node.rule);
  });
}
