/** Bounds for WGSL kernels, and what is known about those that do not keep them. */
import { type Found, nameOf } from "./compare.js";

export interface Known {
  /** In ULP, of the value and the derivatives that are beyond their bounds. */
  readonly errors: Readonly<Record<string, number>>;
  /** How many results are NaN, infinite or no limit where they should be. */
  readonly wrong: number;
}

/** Products of a vanishing exponential: one unit more for the value, two for derivatives. */
const vanishing = new Set(["gelu", "gelu_tanh", "gelu_fast", "gelu_sigmoid", "gelu_10", "geglu", "serf", "phish"]);

/** In ULP, after what half a unit of the input does to a derivative. */
const boundOf = (name: string, { of }: Found): number =>
  of === null ? (vanishing.has(name) ? 5 : 4) : vanishing.has(name) ? 8 : 6;

/** What is beyond a bound; undefined where nothing is. */
export function stateOf(name: string, found: readonly Found[], wrong: number): Known | undefined {
  const beyond = found.filter((each) => each.excess > boundOf(name, each));
  if (beyond.length === 0 && wrong === 0) return undefined;
  return {
    errors: Object.fromEntries(beyond.map(({ of, excess }) => [nameOf(of), Number(excess.toPrecision(4))])),
    wrong,
  };
}

/** In what the state is worse than what is known. A driver of another version may round a little differently. */
export function worse(state: Known | undefined, known: Known | undefined): string[] {
  if (!state) return [];
  const errors = Object.entries(state.errors).filter(([of, error]) => error > 1.1 * (known?.errors[of] ?? 0));
  const more = state.wrong > (known?.wrong ?? 0) ? [`${state.wrong} wrong results`] : [];
  return [...errors.map(([of, error]) => `${of} off by ${error} ULP`), ...more];
}
