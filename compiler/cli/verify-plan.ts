import type { Density } from "../verification/points.js";

/** How much `actc verify` measures. */
export interface PointsPlan {
  /** Stratified inputs besides the adversarial ones. */
  readonly stratified: number;
  /** Inputs compared with the reference whatever the fast form of the truth says. */
  readonly byReference: number;
  /** Of the adversarial inputs; dense unless said. */
  readonly density?: Density;
}

export interface VerificationPlan {
  readonly defaults: PointsPlan;
  /** At each of the adversarial settings of parameters. */
  readonly settings: PointsPlan;
  /** The same on a driver in software, which takes 20 microseconds for an element that needs many digits, as most do there. */
  readonly settingsInSoftware: PointsPlan;
  /**
   * Bit patterns that `--exhaustive` runs through, in pieces of so many; the fast form of the truth is held against the
   * reference at so many stratified inputs besides the adversarial ones.
   */
  readonly exhaustive: { readonly from: number; readonly to: number; readonly piece: number; readonly tied: number };
}

/** So many stratified inputs at the defaults instead, and as much fewer or more at each setting; if fewer, adversarial ones too. */
export function withInputs(plan: VerificationPlan, inputs: number): VerificationPlan {
  const scaled = ({ stratified, byReference }: PointsPlan): PointsPlan => {
    const count = Math.ceil((stratified * inputs) / plan.defaults.stratified);
    return { stratified: count, byReference: Math.min(byReference, count) };
  };
  const density = inputs < plan.defaults.stratified ? "sparsest" : "dense";
  return { ...plan, defaults: scaled(plan.defaults), settings: { ...scaled(plan.settings), density } };
}

export const thoroughPlan: VerificationPlan = {
  defaults: { stratified: 2 ** 20, byReference: 2 ** 12 },
  settings: { stratified: 2 ** 14, byReference: 2 ** 9 },
  settingsInSoftware: { stratified: 2 ** 12, byReference: 2 ** 9 },
  exhaustive: { from: 0, to: 2 ** 32, piece: 2 ** 24, tied: 2 ** 14 },
};
