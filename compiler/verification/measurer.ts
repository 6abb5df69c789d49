/** Pieces of measuring that stand for themselves, so that threads can share them out. */
import type { Activation } from "../ir/activation.js";
import { asFunction } from "../ir/random.js";
import { promisedBound } from "./bounds.js";
import { drawnPointsFor } from "./drawn-points.js";
import { type EmittedColumn, takesLong, type MeasuredTarget } from "./emitted.js";
import { tieToReference, type UnaryTruth, unaryTruth } from "./interpolant.js";
import { emulatedKernel, KnownGradients } from "./emulation.js";
import { measureRows } from "./row-measure.js";
import { amongItsLike, loadKernel } from "./kernels.js";
import { measureRange } from "./measure-range.js";
import { measureTogether } from "./measure.js";
import {
  type BatchKernel,
  type Measurement,
  type MeasureOptions,
  nothingMeasured,
  type Sample,
} from "./measurement.js";
import { type Density, pointsFor } from "./points.js";
import { furtherSettings, parameterSettings } from "./settings.js";
import type { Column, Patience } from "./truth.js";

/** Plain data, to be sent to another thread. */
export interface Task {
  readonly activation: string;
  readonly column: EmittedColumn;
  /** The same column for other targets: measured at the same points, in the same go. */
  readonly others?: readonly EmittedColumn[];
  readonly parameters: readonly number[];
  readonly work: Work;
  /** Whether WGSL is run by the emulator, and not by a device. */
  readonly emulated: boolean;
}

export type Work =
  /** Adversarial inputs and so many stratified ones; so many of both against the reference, whatever the fast form says. */
  | PointsWork
  /** All float32 inputs with bit patterns in [from, to). */
  | { readonly kind: "range"; readonly from: number; readonly to: number }
  /** Holds the fast form of the truth for ranges against the reference: at adversarial inputs and so many stratified ones. */
  | { readonly kind: "tie"; readonly stratified: number };

export interface PointsWork {
  readonly kind: "points";
  readonly stratified: number;
  readonly byReference: number;
  readonly density?: Density;
  /**
   * Of the points only each so-manieth is tried with kernels some elements of which take very long, and that draw nothing; four times
   * as many in WGSL, where more is lost, and there the extreme ones as well.
   */
  readonly everyOfLongest?: number;
  /** Whether only errors beyond what is promised are sought. */
  readonly onlyBreaches?: boolean;
  /** With the reference; without limit unless given. */
  readonly patience?: Patience;
}

export type Outcome =
  | {
      readonly kind: "measured";
      readonly measurement: Measurement;
      readonly others: readonly Measurement[];
      readonly margin: number | null;
      /** How long it took. */
      readonly milliseconds?: number;
    }
  /** The fast form agrees with the reference at so many inputs. */
  | { readonly kind: "tied"; readonly checked: number }
  /** There is no form of the truth fast enough for a range. */
  | { readonly kind: "no interpolant" };

/** Runs something on an elaborated activation, in the graph of its nodes, which is gone when it returns. */
export type WithActivation = <T>(name: string, look: (activation: Activation) => T) => T;

/** A kernel that runs on a device. */
export type RemoteKernel = (activation: string, column: EmittedColumn) => BatchKernel;

export class Measurer {
  private readonly kernels = new Latest<Promise<BatchKernel>>(16);
  private readonly truths = new Latest<UnaryTruth | null>(1);
  private readonly gradients = new KnownGradients();

  constructor(
    private readonly withActivation: WithActivation,
    private readonly remote: RemoteKernel,
  ) {}

  async measure(task: Task): Promise<Outcome> {
    const start = performance.now();
    const outcome = await this.outcomeOf(task);
    return outcome.kind === "measured" ? { ...outcome, milliseconds: performance.now() - start } : outcome;
  }

  private async outcomeOf(task: Task): Promise<Outcome> {
    const { activation: name, column: emitted, parameters, work } = task;
    const key = JSON.stringify([name, emitted.target, emitted.of, emitted.digest]);
    const kernel = await this.kernel(task, emitted);
    const others = await Promise.all((task.others ?? []).map((other) => this.kernel(task, other)));
    return this.withActivation(name, (whole): Outcome => {
      if (isOfRows(emitted)) {
        const { density = "dense" } = work.kind === "points" ? work : {};
        const candidates = [emitted, ...(task.others ?? [])].map(({ target }, i) => ({
          target,
          kernel: i === 0 ? kernel : (others[i - 1] ?? kernel),
        }));
        const [measurement = nothingMeasured, ...more] = measureRows(
          whole,
          emitted.of,
          candidates,
          parameters,
          density,
          task.emulated,
        );
        return { kind: "measured", measurement, others: more, margin: null };
      }
      const training = isInTraining(whole, parameters);
      const column = columnOf(asFunction(whole, training), emitted.of);
      switch (work.kind) {
        case "points": {
          const { stratified, byReference, density, everyOfLongest = 1, onlyBreaches = false, patience } = work;
          const batching = emitted.target === "wgsl" ? "elements" : emitted.batching;
          const points = training
            ? drawnPointsFor(
                column,
                columnOf(asFunction(whole, false), emitted.of),
                batching,
                parameters,
                stratified,
                density,
              )
            : pointsFor(column, parameters, stratified, density);
          const unary = points.count >= screenedFrom ? this.unary(key, column, parameters) : null;
          const sampleOf = (each: EmittedColumn): Sample | null => {
            if (training || everyOfLongest === 1 || !takesLong(each)) return null;
            const extremes = each.target === "wgsl";
            return { every: Math.ceil(everyOfLongest / (extremes ? 4 : 1)), extremes };
          };
          const optionsFor = (each: EmittedColumn): MeasureOptions => {
            const sample = sampleOf(each);
            const within = onlyBreaches ? promisedBound(each.target, each.name) : null;
            return {
              ...measureOptions(each.target, each.of),
              ...{ byReference, unary },
              ...(sample ? { sample } : {}),
              ...(within ? { within } : {}),
            };
          };
          const candidates = [
            { kernel, options: optionsFor(emitted) },
            ...(task.others ?? []).flatMap((other, i) => ({ kernel: others[i] ?? kernel, options: optionsFor(other) })),
          ];
          const [measurement = nothingMeasured, ...more] = measureTogether(
            column,
            candidates,
            points,
            parameters,
            patience,
          );
          return { kind: "measured", measurement, others: more, margin: null };
        }
        case "range": {
          const truth = this.unary(key, column, parameters);
          if (truth === null) return { kind: "no interpolant" };
          // A device is worth asking for many at a time only.
          const batch = emitted.target === "wgsl" && !task.emulated ? { batch: deviceBatch } : {};
          const options = { ...measureOptions(emitted.target, emitted.of), ...batch };
          const measurement = measureRange(truth, column, kernel, parameters, work.from, work.to, options);
          return { kind: "measured", measurement, others: [], margin: truth.relativeBound };
        }
        case "tie": {
          const truth = this.unary(key, column, parameters);
          if (truth === null) return { kind: "no interpolant" };
          const [inputs = []] = pointsFor(column, parameters, work.stratified).inputs;
          const { checked, fault } = tieToReference(truth, column, parameters, inputs);
          if (fault === null) return { kind: "tied", checked };
          throw new Error(
            `the fast truth of ${name} at ${fault.at} is ${fault.value}, the reference's is ${fault.expected}`,
          );
        }
      }
    });
  }

  private async kernel({ activation, emulated, work }: Task, emitted: EmittedColumn): Promise<BatchKernel> {
    const key = JSON.stringify([activation, emitted.target, emitted.of, emitted.digest, emulated, work.kind]);
    const kernel = await this.kernels.get(key, async () => {
      if (emitted.target !== "wgsl") return loadKernel(emitted);
      if (!emulated) return this.remote(activation, emitted);
      return emulatedKernel(emitted, work.kind === "points" ? this.gradients : undefined);
    });
    // Inputs of a range are in the company of their neighbours.
    return emitted.target === "wasm" && work.kind === "points" ? amongItsLike(kernel) : kernel;
  }

  private unary(key: string, column: Column, parameters: readonly number[]): UnaryTruth | null {
    if (column.activation.inputs.length > 1) return null;
    return this.truths.get(JSON.stringify([key, parameters.map(String)]), () => unaryTruth(column, parameters));
  }
}

/** Whether a result is about a row, and not about an element alone. */
export const isOfRows = (column: EmittedColumn): boolean =>
  column.target === "wgsl" ? column.scalar === null : column.batching === "row";

const deviceBatch = 2 ** 22;

/** From so many points on, an interpolant saves more time than it takes to be made. */
const screenedFrom = 2 ** 15;

/** Remembers what was made last: tasks of one column come one after the other, and those of a few columns in turn. */
class Latest<T> {
  private readonly known = new Map<string, T>();

  constructor(private readonly most: number) {}

  get(key: string, make: () => T): T {
    const before = this.known.get(key);
    const value = before === undefined ? make() : before;
    this.known.delete(key);
    this.known.set(key, value);
    for (const oldest of this.known.keys()) {
      if (this.known.size <= this.most) break;
      this.known.delete(oldest);
    }
    return value;
  }
}

/** Whether parameters, in the order of `columnVariables`, say so. */
const isInTraining = ({ random, hyperparameters }: Activation, parameters: readonly number[]): boolean =>
  random !== null && parameters[hyperparameters.length] === 1;

export function columnOf(activation: Activation, of: string | null): Column {
  if (of === null) return { activation, of };
  const variables = [...activation.inputs, ...activation.learned.map(({ variable }) => variable)];
  const variable = variables.find(({ name }) => name === of);
  if (!variable) throw new Error(`${activation.name} has no derivative in ${of}`);
  return { activation, of: variable };
}

/**
 * What a target is allowed: float32 arithmetic is less accurate around zeros and far out, and on devices may flush subnormals and decides
 * comparisons less finely.
 */
export function measureOptions(target: MeasuredTarget, of: string | null): MeasureOptions {
  if (target === "ts") return {};
  if (target === "wasm") return { inputRounding: of !== null, vanishing: true };
  return { flushes: true, inputRounding: of !== null, vanishing: true, comparisons: 2 ** -20, limits: 8 };
}

/** The defaults, in evaluation, as a target's kernels receive them: learned parameters lie in float32 arrays, WGSL knows nothing else. */
export function defaultsFor(activation: Activation, target: MeasuredTarget): readonly number[] {
  return [
    ...activation.hyperparameters.map(({ default: value }) => (target === "wgsl" ? Math.fround(value) : value)),
    ...(activation.random ? [0] : []),
    ...activation.learned.map(({ default: value }) => Math.fround(value)),
  ];
}

/** Adversarial settings; not those that a device may take for others, since subnormal numbers may be 0 there. */
export const settingsFor = (activation: Activation): SettingsByTarget => byTarget(parameterSettings(activation));

/** More of them, for special inputs alone; null where there is nothing to be tried at these. */
export function furtherSettingsFor(activation: Activation): SettingsByTarget | null {
  const settings = furtherSettings(activation);
  return settings && byTarget(settings);
}

export type SettingsByTarget = Readonly<Record<MeasuredTarget, readonly (readonly number[])[]>>;

function byTarget(settings: readonly (readonly number[])[]): SettingsByTarget {
  const isNormal = (x: number): boolean => x === 0 || Math.abs(x) >= 2 ** -126;
  return {
    ts: settings,
    wasm: settings,
    wgsl: settings.map((setting) => setting.map(Math.fround)).filter((all) => all.every(isNormal)),
  };
}
