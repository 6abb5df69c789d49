import { transformSync } from "esbuild";
import { typescript } from "../../compiler/backend/dialects/typescript.js";
import { lower } from "../../compiler/backend/lower.js";
import { withoutIdleHolds } from "../../compiler/backend/bounds.js";
import { apply, inFreshGraph, Space, variable } from "../../compiler/ir/expr.js";
import { primitive, type PrimitiveName } from "../../compiler/primitives/table.js";
import { formOf, printExpression, spellingOf } from "../../compiler/printing/print.js";
import { typescriptText } from "./compile.js";

/** A primitive as TypeScript kernels compute it, as a function of its operands. */
export function primitiveFunctionOf(name: PrimitiveName): (...operands: number[]) => number {
  return inFreshGraph(() => {
    const letters = ["a", "b", "c"].slice(0, primitive(name).operands.length);
    const operands = letters.map((letter) => variable(letter, "input", Space.element));
    const form = withoutIdleHolds(
      lower(apply(name, operands), {
        spells: (each) => spellingOf(typescript, each) !== undefined,
        formOf: (each) => formOf(typescript, each),
        nanFrom: new Set(),
        narrow: false,
        branchless: true,
      }),
    );
    const library = new Set<string>();
    const text = printExpression(form, {
      dialect: typescript,
      nameOf: (node) => (node.kind === "variable" ? node.name : undefined),
      library: (each) => {
        library.add(each);
        return each;
      },
    });
    const { code } = transformSync(typescriptText([...library]), { loader: "ts" });
    const compiled: unknown = new Function(`${code}\nreturn (${letters.join(", ")}) => ${text};`)();
    if (typeof compiled !== "function") throw new Error(`${name} is not a function`);
    return (...values) => Number(compiled(...values));
  });
}
