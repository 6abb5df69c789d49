/** Constants that float32 has no number for. */
import { type Application, apply, constant, type Expr, rebuild } from "../ir/expr.js";
import { multiply, one, type Rational, rational, toNumber } from "../ir/rational.js";

/**
 * Factors that are too small for float32, or for its full precision, as larger ones and powers of two: what is lost on the way down does
 * not count, as it would on the way up from factors that are too large. A cotangent, which products have right behind their
 * constant, does not come between: it is taken out later on.
 */
export function withoutSmallFactors(root: Expr): Expr {
  return rebuild(root, (node, operands) => {
    const built = apply(node.primitive, operands, node.rule);
    const isQuotient = node.primitive === "divide";
    if ((node.primitive !== "multiply" && !isQuotient) || isTimesCotangent(node)) return built;
    const exponents = operands.map((operand, i) => (isQuotient && i === 1 ? -1 : 1) * exponentOf(constantOf(operand)));
    const place = exponents.findIndex((exponent) => exponent < -mostExponent);
    const [factor, exponent] = [operands[place], exponents[place]];
    if (!factor || exponent === undefined || !Number.isFinite(exponent)) return built;
    const digits = constant(multiply(constantOf(factor), powerOfTwo(isQuotient && place === 1 ? exponent : -exponent)));
    const rest = factor.kind === "application" ? apply("multiply", [digits, factor.operands[1]!]) : digits;
    return scaledDownBy(apply(node.primitive, operands.with(place, rest)), -exponent);
  });
}

const isTimesCotangent = ({ primitive, operands: [a, b] }: Application): boolean =>
  primitive === "multiply" && a?.kind === "constant" && b?.kind === "variable" && b.role === "cotangent";

/** The constant that a factor is, but for a cotangent; 1 of others. */
function constantOf(factor: Expr): Rational {
  const node = factor.kind === "application" && isTimesCotangent(factor) ? factor.operands[0]! : factor;
  return node.kind === "constant" ? node.value : one;
}

const mostExponent = 120;

const exponentOf = (value: Rational): number => Math.floor(Math.log2(Math.abs(toNumber(value))));

const powerOfTwo = (n: number): Rational => (n < 0 ? rational(1n, 1n << BigInt(-n)) : rational(1n << BigInt(n)));

function scaledDownBy(node: Expr, exponent: number): Expr {
  const step = Math.min(mostExponent, exponent);
  return step === 0 ? node : scaledDownBy(apply("multiply", [constant(powerOfTwo(-step)), node]), exponent - step);
}
