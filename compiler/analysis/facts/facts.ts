/** What is known of an activation before it runs, as plain data: for the manifest, `actc check --json` and the screen. */
import { isReduction } from "../../calculus/differentiate.js";
import { findKinks } from "../../calculus/kinks.js";
import type { Activation } from "../../ir/activation.js";
import { reachable } from "../../ir/expr.js";
import { inEvaluation } from "../../ir/random.js";
import { curveOf } from "./curve.js";
import { type Figure, figure, type SpanFact, spanFact } from "./figure.js";
import { finiteAlong, type FiniteFacts, finiteFacts, finiteOverRanges } from "./finite.js";
import { gainOf } from "./gain.js";
import { limitFacts, type LimitFacts, steepestFacts } from "./inputs.js";
import { Places, type Span } from "./places.js";
import { samplesFor, shapeOf } from "./shape.js";
import { float32 } from "../intervals/floats.js";
import type { Extreme } from "./extremes.js";
import type { Direction } from "./turning.js";

/** A least or greatest number, and where it is. */
export interface ExtremeFact {
  readonly value: Figure;
  readonly at: Figure | SpanFact;
  /** Else it is only approached there. */
  readonly attained: boolean;
}

/**
 * Parameters are at their defaults, unless said otherwise. Numbers are right to six significant digits. What needs a
 * single input is `null` for several.
 */
export interface AnalysisFacts {
  /** For all inputs that float32 holds. */
  readonly finite: FiniteFacts;
  /** The same for all parameters in their ranges; `null` where none has a range. */
  readonly finiteOverRanges: FiniteFacts | null;
  /** By input; of several, the others held at 1. */
  readonly limits: Readonly<Record<string, LimitFacts>>;
  /** Where there is a real value. */
  readonly domain: readonly SpanFact[] | null;
  readonly range: { readonly least: ExtremeFact | null; readonly greatest: ExtremeFact | null } | null;
  /** `pieces` is `null` where they are too many; how often it turns is then counted for |input| <= `within`. */
  readonly monotone: {
    readonly pieces: readonly { readonly direction: Direction; readonly from: Figure; readonly to: Figure }[] | null;
    readonly turns: number;
    readonly within: Figure;
  } | null;
  /** By input, the largest |gradient|: with a place for a single input, a bound for several, `null` where not found. */
  readonly steepest: Readonly<Record<string, ExtremeFact | Figure | null>>;
  /** Where the gradient is exactly 0. */
  readonly dead: readonly SpanFact[] | null;
  /** Where it is not, but rounds to 0. */
  readonly vanishes: { readonly float32: readonly SpanFact[]; readonly float16: readonly SpanFact[] } | null;
  /** Where float16 holds the value and a gradient that is not 0. */
  readonly float16: readonly SpanFact[] | null;
  /** For an input z ~ N(0, 1); `null` where a moment is infinite, or not found. */
  readonly gain: GainFact | null;
}

export interface GainFact {
  /** E[f(z)], E[f(z)^2] and E[f'(z)^2] */
  readonly mean: Figure;
  readonly secondMoment: Figure;
  readonly gradientSecondMoment: Figure;
  /** 1 / sqrt(E[f(z)^2]) and 1 / sqrt(E[f'(z)^2]) */
  readonly forward: Figure | null;
  readonly backward: Figure | null;
}

/**
 * Takes some tens of milliseconds: for a check, or to be kept. `null` for what reduces over an axis; what is random is
 * looked at in evaluation. In the graph of nodes of the activation.
 */
export function analysisFacts(whole: Activation): AnalysisFacts | null {
  const activation = inEvaluation(whole);
  if (reachable([activation.body]).some(isReduction)) return null;
  const finite = finiteFacts(activation);
  const common = {
    finite,
    finiteOverRanges: finiteOverRanges(activation, finite),
    limits: limitFacts(activation),
  };
  const [input] = activation.inputs;
  if (!input || activation.inputs.length > 1) {
    return { ...common, ...ofSeveralInputs, steepest: steepestFacts(activation) };
  }
  const curve = curveOf(activation, input);
  const shape = shapeOf(curve);
  const kinks = findKinks(activation);
  const places = new Places(kinks);
  const samples = samplesFor(kinks, float32);
  const { value, gradients } = finite;
  const gradient = gradients[input.name];
  const gain = gainOf(
    curve,
    kinks.map(({ point }) => point),
  );
  return {
    ...common,
    finite: {
      value: finiteAlong(curve, curve.value, value, places, samples),
      gradients: gradient
        ? { ...gradients, [input.name]: finiteAlong(curve, curve.gradient, gradient, places, samples) }
        : gradients,
    },
    domain: shape.domain.map(spanFact),
    range: { least: extremeFact(shape.least), greatest: extremeFact(shape.greatest) },
    monotone: {
      pieces:
        shape.pieces?.map(({ direction, from, to }) => ({ direction, from: figure(from), to: figure(to) })) ?? null,
      turns: shape.turns,
      within: figure(shape.within),
    },
    steepest: { [input.name]: extremeFact(shape.steepest) },
    dead: shape.dead.map(spanFact),
    vanishes: { float32: shape.vanishes.float32.map(spanFact), float16: shape.vanishes.float16.map(spanFact) },
    float16: shape.float16.map(spanFact),
    gain: gain && {
      mean: meanFigure(gain.mean, gain.secondMoment),
      secondMoment: figure(gain.secondMoment),
      gradientSecondMoment: figure(gain.gradientSecondMoment),
      forward: gain.forward === null ? null : figure(gain.forward),
      backward: gain.backward === null ? null : figure(gain.backward),
    },
  };
}

const ofSeveralInputs = {
  domain: null,
  range: null,
  monotone: null,
  dead: null,
  vanishes: null,
  float16: null,
  gain: null,
} as const;

const extremeFact = (extreme: Extreme | null): ExtremeFact | null =>
  extreme && { value: figure(extreme.value), at: placeFact(extreme.at), attained: extreme.attained };

const placeFact = (at: number | Span): Figure | SpanFact => (typeof at === "number" ? figure(at) : spanFact(at));

/** What cancels in a mean is off by as much as the numbers are that cancel. */
function meanFigure(mean: number, secondMoment: number): Figure {
  const share = Math.abs(mean) / Math.sqrt(secondMoment);
  if (!(share > 1e-6)) return 0;
  return share < 1e-3 ? Number(mean.toPrecision(3)) : figure(mean);
}
