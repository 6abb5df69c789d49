/** A set of declarations: texts in the machine language, read and checked together. */
import { check } from "./check.js";
import { parse } from "./parse.js";
import { type Declaration, expressionsIn, type Function, statementsIn, type Type } from "./syntax.js";

export interface Library {
  /** In the order of the texts. */
  readonly declarations: readonly Declaration[];
  readonly functions: readonly Function[];
  readonly find: (name: string) => Declaration | undefined;
  /** The function of this name; throws where there is none. */
  readonly fn: (name: string) => Function;
  /** These declarations and all that they use, each once, the used ones first. Throws on a name that is not there. */
  readonly closure: (names: Iterable<string>) => Declaration[];
}

/**
 * Reads texts, whose functions may call one another and those of `known` in any order; structs and constants stand
 * before their use. Whatever is wrong is thrown as a MachineError.
 */
export function readLibrary(texts: string | readonly string[], known: readonly Declaration[] = []): Library {
  const parsed = [texts].flat().flatMap((text) => parse(text));
  const checked = check(parsed, known);
  const declarations = [...known, ...checked];
  const own = new Map(checked.map((each) => [each.name, each]));
  const before = byName(known);
  const find = (name: string): Declaration | undefined => own.get(name) ?? before.get(name);
  // What is known calls nothing that it does not know.
  requireNoRecursion(
    checked.filter((each) => each.kind === "function"),
    find,
    before,
  );
  return {
    declarations,
    get functions() {
      return declarations.filter((each) => each.kind === "function");
    },
    find,
    fn: (name) => {
      const found = find(name);
      if (found?.kind !== "function") throw new Error(`the library has no function ${name}`);
      return found;
    },
    closure: (names) => {
      const found = new Set<Declaration>();
      const visit = (name: string): void => {
        const each = find(name);
        if (each === undefined) throw new Error(`the library has no function ${name}`);
        if (found.has(each)) return;
        usedBy(each).forEach(visit);
        found.add(each);
      };
      for (const name of names) visit(name);
      return [...found];
    },
  };
}

const named = new WeakMap<readonly Declaration[], ReadonlyMap<string, Declaration>>();

function byName(declarations: readonly Declaration[]): ReadonlyMap<string, Declaration> {
  const found = named.get(declarations) ?? new Map(declarations.map((each) => [each.name, each]));
  named.set(declarations, found);
  return found;
}

const used = new WeakMap<Declaration, readonly string[]>();

/** The names of the declarations that a declaration uses, in the order of its text. */
export function usedBy(declaration: Declaration): readonly string[] {
  const known = used.get(declaration);
  if (known) return known;
  const names = new Set<string>();
  const type = (each: Type): void => {
    if (typeof each !== "string") names.add(each.name);
  };
  if (declaration.kind === "struct") declaration.fields.forEach((field) => type(field.type));
  if (declaration.kind === "constant") type(declaration.type);
  if (declaration.kind === "function") {
    declaration.parameters.forEach((parameter) => type(parameter.type));
    type(declaration.result);
    for (const statement of statementsIn(declaration.body)) {
      if (statement.kind === "let" || statement.kind === "array") type(statement.type);
    }
  }
  for (const expr of expressionsIn(declaration)) {
    if (expr.kind === "call" || expr.kind === "tabulated") names.add(expr.name);
    if (expr.kind === "constant") names.add(expr.constant.name);
    if (expr.kind === "element") names.add(expr.table.name);
    if (expr.kind === "construct") type(expr.type);
  }
  const result = [...names];
  used.set(declaration, result);
  return result;
}

function requireNoRecursion(
  functions: readonly Function[],
  find: (name: string) => Declaration | undefined,
  known: ReadonlyMap<string, unknown>,
): void {
  const done = new Set<string>();
  const open = new Set<string>();
  const visit = (name: string): void => {
    if (open.has(name)) throw new Error(`${name} calls itself`);
    if (done.has(name) || known.has(name)) return;
    const each = find(name);
    if (each === undefined) return;
    open.add(name);
    usedBy(each).forEach(visit);
    open.delete(name);
    done.add(name);
  };
  for (const { name } of functions) visit(name);
}
