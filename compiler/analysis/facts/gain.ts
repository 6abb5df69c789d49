/**
 * What an activation does to the size of signals: moments of value and gradient under a normal input, by quadrature.
 * Weights of standard deviation gain / sqrt(fan) keep the second moment of what goes forward, or of the gradients that
 * come back, the same from layer to layer (He et al. 2015, there for the rectifier: sqrt(2)).
 */
import { fromNumber, midpoint } from "../../numerics/ball.js";
import { toBinary64 } from "../../numerics/rounding.js";
import { type Curve, numberOf } from "./curve.js";
import { densityAt } from "../intervals/functions.js";

export interface Gain {
  /** E[f(z)] and E[f(z)²] for z ~ N(0, 1). */
  readonly mean: number;
  readonly secondMoment: number;
  /** E[f'(z)²] */
  readonly gradientSecondMoment: number;
  /** 1 / sqrt(E[f(z)²]); `null` where that moment is 0. */
  readonly forward: number | null;
  /** 1 / sqrt(E[f'(z)²]) */
  readonly backward: number | null;
}

/** Nodes and weights of Kronrod's rule with 15 points, and of Gauss's with 7 at every second of them. */
const rule: readonly (readonly [node: number, kronrod: number, gauss: number])[] = [
  [0.9914553711208126, 0.02293532201052922, 0],
  [0.9491079123427585, 0.06309209262997855, 0.1294849661688697],
  [0.8648644233597691, 0.1047900103222502, 0],
  [0.7415311855993945, 0.1406532597155259, 0.2797053914892767],
  [0.5860872354676911, 0.1690047266392679, 0],
  [0.4058451513773972, 0.1903505780647854, 0.3818300505051189],
  [0.2077849550078985, 0.2044329400752989, 0],
  [0, 0.2094821410847278, 0.4179591836734694],
];

const points = rule.flatMap(([node, kronrod, gauss]) =>
  node === 0 ? [{ node, kronrod, gauss }] : [-node, node].map((place) => ({ node: place, kronrod, gauss })),
);

/** Of each of the three moments. */
type Moments = readonly [number, number, number];

const sum = (a: Moments, b: Moments): Moments => [a[0] + b[0], a[1] + b[1], a[2] + b[2]];

interface Estimate {
  readonly value: Moments;
  /** A guess at how far off it is, relative to `scale`. */
  readonly error: number;
}

/** Relative; six digits are told. */
const tolerance = 2e-9;
const deepest = 24;
/** In all, with their halves; a smooth function needs some 30. */
const mostPanels = 160;
/** Wide enough for few evaluations, narrow enough for functions whose poles are a few units from the real line. */
const panel = 2;
/** Beyond, the normal density is below every number of binary64. */
const outermost = 38;

/**
 * `null` where a value or gradient is missing, or a moment infinite.
 * @param borders where value or gradient is not smooth
 */
export function gainOf(curve: Curve, borders: readonly number[]): Gain | null {
  const quadrature = new Quadrature(curve);
  const cuts = [...new Set([0, ...borders])].sort((a, b) => a - b);
  let total: Moments = [0, 0, 0];
  let failed = false;
  for (const side of [-1, 1] as const) {
    const own = cuts
      .map((cut) => cut * side)
      .filter((cut) => cut > 0)
      .sort((a, b) => a - b);
    let from = 0;
    for (let quiet = 0; quiet < 2;) {
      if (from >= outermost) return null;
      const to = Math.min(own.find((cut) => cut > from + 1e-9) ?? Infinity, (Math.floor(from / panel) + 1) * panel);
      const part = quadrature.between(from, to, side, total);
      if (!part) return null;
      failed ||= part.error > 1e-7;
      total = sum(total, part.value);
      const negligible = part.value.every(
        (value, i) => Math.abs(value) <= 1e-12 * Math.abs(i === 0 ? 1e-3 : (total[i] ?? 0)),
      );
      quiet = negligible && from >= 4 ? quiet + 1 : 0;
      from = to;
    }
  }
  if (failed) return null;
  const [mean, secondMoment, gradientSecondMoment] = total;
  const gain = (moment: number): number | null => (moment > 0 ? 1 / Math.sqrt(moment) : null);
  return {
    mean: Math.abs(mean) <= 1e-9 * Math.sqrt(secondMoment) ? 0 : mean,
    secondMoment,
    gradientSecondMoment,
    forward: gain(secondMoment),
    backward: gain(gradientSecondMoment),
  };
}

/** t^(3/2) */
const raised = (t: number): number => t * Math.sqrt(t);

const densities = new Map<number, number>();

/** exp(-x^2 / 2) / sqrt(2 pi); panels are the same for most curves, and so are the nodes. */
function density(x: number): number {
  const size = Math.abs(x);
  let value = densities.get(size);
  if (value === undefined) {
    value = toBinary64(midpoint(densityAt(fromNumber(size), 64))) ?? 0;
    if (densities.size < 4096) densities.set(size, value);
  }
  return value;
}

class Quadrature {
  private left = mostPanels;

  constructor(private readonly curve: Curve) {}

  /** Halves what is not smooth enough. The inputs are `side` times what lies between the two numbers. */
  between(from: number, to: number, side: 1 | -1, scale: Moments, depth = 0): Estimate | null {
    const whole = this.left-- > 0 ? this.once(from, to, side, scale) : null;
    if (!whole || whole.error <= tolerance || depth === deepest) return whole;
    const middle = (from + to) / 2;
    const left = this.between(from, middle, side, sum(scale, whole.value), depth + 1);
    const right = left && this.between(middle, to, side, sum(scale, whole.value), depth + 1);
    return right && { value: sum(left.value, right.value), error: left.error + right.error };
  }

  private once(from: number, to: number, side: 1 | -1, scale: Moments): Estimate | null {
    const [centre, half] = [(from + to) / 2, (to - from) / 2];
    let kronrod: Moments = [0, 0, 0];
    let gauss: Moments = [0, 0, 0];
    for (const { node, kronrod: weight, gauss: coarse } of points) {
      const x = side * (centre + half * node);
      const [value, gradient] = [numberOf(this.curve.value.at(x)), numberOf(this.curve.gradient.at(x))];
      if (value === undefined || gradient === undefined) return null;
      const weighted = half * density(x);
      const moments: Moments = [value * weighted, value * value * weighted, gradient * gradient * weighted];
      kronrod = sum(kronrod, [moments[0] * weight, moments[1] * weight, moments[2] * weight]);
      gauss = sum(gauss, [moments[0] * coarse, moments[1] * coarse, moments[2] * coarse]);
    }
    if (!kronrod.every(Number.isFinite)) return null;
    // How far off the finer rule is, from how far off the coarser is, as in QUADPACK; the mean counts beside the spread.
    const errors = kronrod.map((value, i) => {
      const size = i === 0 ? Math.sqrt(Math.abs(scale[1] + kronrod[1])) : Math.abs((scale[i] ?? 0) + value);
      const off = Math.abs(value - (gauss[i] ?? 0));
      return off === 0 || size === 0 ? 0 : Math.min(off / size, raised(200 * (off / size)));
    });
    return { value: kronrod, error: Math.max(...errors) };
  }
}
