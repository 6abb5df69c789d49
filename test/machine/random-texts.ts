/** Random functions in the machine language, whose value is defined for all operands. */

export type Numeric = "i32" | "u32" | "f32" | "f64";

export interface RandomFunction {
  readonly text: string;
  readonly parameters: readonly Numeric[];
}

/** A function `f` of operands of these types; `random` gives numbers in [0, 1). */
export function randomFunction(random: () => number, types: readonly Numeric[], depth: number): RandomFunction {
  const below = (n: number): number => Math.floor(random() * n);
  function pick<T>(items: readonly T[]): T {
    const item = items[below(items.length)];
    if (item === undefined) throw new Error("nothing to pick from");
    return item;
  }
  const float: Numeric = types.includes("f64") ? "f64" : "f32";
  const parameters = [0, 1, 2, 3].map((i) => ({ name: `operand_${i}`, type: types[i] ?? pick(types) }));
  const result = pick(types);
  let known: { readonly name: string; readonly type: Numeric | "bool" }[] = [...parameters];
  let variables: { readonly name: string; readonly type: Numeric }[] = [];
  let count = 0;

  const isFloat = (type: Numeric): boolean => type === "f32" || type === "f64";
  const literal = (type: Numeric): string => {
    if (type === "u32") return pick(["1u", "3u", "0xffu", "0x80000000u", "4294967295u", "17u"]);
    if (type === "i32") return pick(["1", "2", "0", "0x7fff", "2147483647", "-5"]);
    return pick(["1.0", "0.5", "-2.5", "0.1", "3.25e-2", "1e-8"]);
  };
  const leaf = (type: Numeric): string => pick(known.filter((each) => each.type === type)).name;
  /** Of WGSL's float32 no second operand: drivers make (x * a) * b with two literals a product by a * b. */
  const term = (type: Numeric, left: number): string => (type === "f32" ? number : second)(type, left);
  /** The second operand; two literals would be computed by the compiler of WGSL, more exactly or not at all. */
  const second = (type: Numeric, left: number): string => (random() < 0.3 ? literal(type) : number(type, left));

  function number(type: Numeric, left: number): string {
    if (left <= 0) return leaf(type);
    const a = (): string => number(type, left - 1 - below(2));
    if (random() < 0.1) return `select(${a()}, ${a()}, ${condition(left - 1)})`;
    if (isFloat(type)) {
      switch (below(9)) {
        case 0:
          return `sqrt(abs(${a()}))`;
        case 1:
          return `(${a()}) / (1.5 + abs(${a()}))`;
        case 2:
          return `${pick(["floor", "ceil", "trunc", "abs", "round"])}(${a()})`;
        case 3:
          return `clamp(${a()}, -3.0, 7.5)`;
        case 4:
          // In [1, 2): drivers would make a * 1e-7 + b * 1e-7 a product by 1e-7.
          return type === "f32"
            ? `bitcast<f32>(((${number("u32", left - 1)}) & 0x007fffffu) | 0x3f800000u)`
            : `f64(${number("u32", left - 1)}) * 1e-9`;
        default:
          return `(${a()}) ${pick(["+", "-", "*"])} (${term(type, left - 1)})`;
      }
    }
    switch (below(10)) {
      case 0:
        return `${type}(clamp(${number(float, left - 1)}, 0.0, 1000.0))`;
      case 1:
        return `(${a()}) ${pick(["<<", ">>"])} ${random() < 0.5 ? `${below(32)}u` : `(${number("u32", left - 2)} & 31u)`}`;
      case 2:
        return type === "i32" ? `-(${a()})` : `multiply_high(${a()}, ${a()})`;
      case 3:
        return `~(${a()})`;
      case 4:
        return `(${a()}) ${pick(["/", "%"])} (((${a()}) & ${type === "u32" ? "0xffu" : "255"}) + ${type === "u32" ? "1u" : "1"})`;
      case 5:
        return type === "u32" ? `leading_zeros(${a()})` : `${pick(["min", "max"])}(${a()}, ${a()})`;
      case 6:
        return `${type}(${number(type === "u32" ? "i32" : "u32", left - 1)})`;
      default:
        return `(${a()}) ${pick(["+", "-", "*", "&", "|", "^"])} (${second(type, left - 1)})`;
    }
  }

  function condition(left: number): string {
    if (left > 0 && random() < 0.3)
      return `(${condition(left - 1)}) ${pick(["&&", "||", "!=", "=="])} (${condition(left - 1)})`;
    if (left > 0 && random() < 0.1) return `!(${condition(left - 1)})`;
    const type = pick(types);
    return `${number(type, left - 1)} ${pick(["<", "<=", ">", ">=", "==", "!="])} ${second(type, left - 1)}`;
  }

  function block(left: number, indent: string): string[] {
    const [outerKnown, outerVariables] = [known, variables];
    const lines = Array.from({ length: 1 + below(3) }, () => statement(left, indent)).flat();
    [known, variables] = [outerKnown, outerVariables];
    return lines;
  }

  function statement(left: number, indent: string): string[] {
    const type = pick(types);
    const name = `local_${count++}`;
    const kind = below(left > 0 ? 8 : 5);
    const [target] = variables.length > 0 ? [pick(variables)] : [];
    if (kind === 5) {
      const head = `${indent}if (${condition(2)}) {`;
      const yes = block(left - 1, `${indent}  `);
      if (random() < 0.5) return [head, ...yes, `${indent}}`];
      return [head, ...yes, `${indent}} else {`, ...block(left - 1, `${indent}  `), `${indent}}`];
    }
    if (kind === 6) {
      const inside = block(left - 1, `${indent}  `);
      return [
        `${indent}// Some times.`,
        `${indent}for (var ${name} = 0; ${name} < 3; ${name}++) {`,
        ...inside,
        `${indent}}`,
      ];
    }
    if ((kind === 0 || kind === 7) && target) {
      const operator = isFloat(target.type) ? pick(["=", "+=", "-="]) : pick(["=", "+=", "-=", "^="]);
      return [`${indent}${target.name} ${operator} ${number(target.type, depth)};`];
    }
    const value = number(type, depth);
    known = [...known, { name, type }];
    if (kind !== 1) return [`${indent}let ${name}: ${type} = ${value};`];
    variables = [...variables, { name, type }];
    return [`${indent}var ${name}: ${type} = ${value};`];
  }

  const body = Array.from({ length: 3 + below(4) }, () => statement(2, "  ")).flat();
  const signature = parameters.map(({ name, type }) => `${name}: ${type}`).join(", ");
  const text = `// A random function.\nfn f(${signature}) -> ${result} {\n${body.join("\n")}\n  return ${number(result, depth + 1)};\n}`;
  return { text, parameters: parameters.map(({ type }) => type) };
}
