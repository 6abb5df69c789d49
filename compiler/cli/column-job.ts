/** The measuring of one column, in pieces. */
import {
  type Certificate,
  type CertificateKey,
  evidenceOf,
  type Run,
  type TruthUsed,
} from "../verification/certificate.js";
import type { EmittedColumn } from "../verification/emitted.js";
import type { Measurement } from "../verification/measurement.js";
import { isOfRows, type Outcome, type Task } from "../verification/measurer.js";
import type { Subject } from "../verify.js";
import type { Crew } from "./crew.js";
import type { ExhaustiveState } from "./exhaustive-state.js";
import type { PointsPlan, VerificationPlan } from "./verify-plan.js";

export interface Piece {
  readonly job: ColumnJob;
  readonly task: Task;
  /** About how long it takes, in any unit. */
  readonly cost: number;
}

type Slot =
  | { readonly kind: "defaults" }
  | { readonly kind: "range"; readonly from: number }
  | { readonly kind: "tie" }
  | { readonly kind: "setting"; readonly index: number };

const byPoints: TruthUsed = { form: "double-double", margin: null, byReference: 0 };

/** Nanoseconds, roughly: an input of a range, one compared with the fast form, one compared with the reference. */
const costs = { range: 40, fast: 2e3, reference: 5e5 };

export class ColumnJob {
  readonly key: CertificateKey;
  /** Pieces that nobody has begun. */
  readonly pending: Piece[] = [];
  /** Whether every input at the defaults is to be executed. */
  exhaustive: boolean;
  private readonly slots = new Map<Piece, Slot>();
  private readonly settings = new Map<number, Measurement>();
  private tied = 0;
  private atDefaults: Measurement | undefined;
  /** By parameter. */
  readonly defaults: Readonly<Record<string, number>>;
  isForgotten = false;
  private begun: number | undefined;
  private ended: number | undefined;

  constructor(
    readonly subject: Subject,
    readonly column: EmittedColumn,
    executor: string,
    /** Whether a shader is run by the emulator. */
    private readonly emulated: boolean,
    private readonly plan: VerificationPlan,
    /** Of an exhaustive run. */
    private readonly state: ExhaustiveState | undefined,
  ) {
    this.key = { activation: subject.name, target: column.target, executor, column: column.name };
    const values = subject.defaults[column.target];
    this.defaults = Object.fromEntries(subject.parameters.map((name, i) => [name, values[i] ?? NaN]));
    this.exhaustive = state !== undefined;
    const { from: first, to: last, piece, tied } = plan.exhaustive;
    if (state === undefined) this.addPoints({ kind: "defaults" }, subject.defaults[column.target], plan.defaults);
    else {
      const parameters = subject.defaults[column.target];
      for (let from = first; from < last; from += piece) {
        if (state.pieces.has(from)) continue;
        const to = Math.min(from + piece, last);
        this.add({ kind: "range", from }, parameters, { kind: "range", from, to }, costs.range * (to - from));
      }
      this.add({ kind: "tie" }, parameters, { kind: "tie", stratified: tied }, costs.reference * tied);
    }
    // Of rows a few short ones, each of them adversarial.
    const density = isOfRows(column) ? ({ density: "sparsest" } as const) : {};
    subject.settings[column.target].forEach((setting, index) =>
      this.addPoints({ kind: "setting", index }, setting, { ...plan.settings, ...density }),
    );
  }

  private addPoints(slot: Slot, parameters: readonly number[], { stratified, byReference, density }: PointsPlan): void {
    const cost = costs.fast * stratified + costs.reference * byReference;
    this.add(slot, parameters, { kind: "points", stratified, byReference, ...(density ? { density } : {}) }, cost);
  }

  private add(slot: Slot, parameters: readonly number[], work: Task["work"], cost: number): void {
    const { subject, column, emulated } = this;
    const task: Task = { activation: subject.name, column, parameters, work, emulated };
    const piece: Piece = { job: this, task, cost };
    this.slots.set(piece, slot);
    this.pending.push(piece);
  }

  /** What an earlier run had done of it. */
  get alreadyDone(): number {
    const { from, to, piece } = this.plan.exhaustive;
    return [...(this.state?.pieces.keys() ?? [])].reduce(
      (sum, start) => (start < from ? sum : sum + costs.range * (Math.min(start + piece, to) - start)),
      0,
    );
  }

  begin(): void {
    this.begun ??= performance.now();
  }

  accept(piece: Piece, outcome: Outcome): void {
    const slot = this.slots.get(piece);
    if (slot === undefined) return;
    this.slots.delete(piece);
    if (outcome.kind === "no interpolant") this.measureInstead();
    else if (outcome.kind === "tied") this.tied = outcome.checked;
    else if (slot.kind === "range") this.state?.add(slot.from, outcome);
    else if (slot.kind === "setting") this.settings.set(slot.index, outcome.measurement);
    else this.atDefaults = outcome.measurement;
    this.ended = performance.now();
  }

  /** Where all inputs would take days: the points of a run that is not exhaustive. */
  private measureInstead(): void {
    if (!this.exhaustive) return;
    this.exhaustive = false;
    for (const [piece, { kind }] of this.slots) if (kind !== "setting") this.slots.delete(piece);
    const others = this.pending.filter((piece) => this.slots.has(piece));
    this.pending.splice(0, this.pending.length, ...others);
    this.addPoints({ kind: "defaults" }, this.subject.defaults[this.column.target], this.plan.defaults);
  }

  get isDone(): boolean {
    return this.slots.size === 0;
  }

  /** From its first piece to its last. */
  get seconds(): number {
    return this.begun === undefined || this.ended === undefined ? 0 : (this.ended - this.begun) / 1000;
  }

  save(): void {
    if (this.exhaustive) this.state?.save();
  }

  /** The state of an exhaustive run, once it is of no more use. */
  forget(): void {
    this.isForgotten = true;
    this.state?.remove();
  }

  certificate(merged: (a: Measurement, b: Measurement) => Measurement): Certificate {
    const { subject, column } = this;
    const parameters = subject.defaults[column.target];
    const settings = [...this.settings].sort(([a], [b]) => a - b);
    const runs = settings.map(([index, measurement]): Run => ({
      measurement,
      parameters: subject.settings[column.target][index] ?? [],
    }));
    return {
      kernel: column.digest,
      defaults: this.exhaustive
        ? this.proof(merged)
        : evidenceOf(
            "measured",
            this.atDefaults === undefined ? [] : [{ measurement: this.atDefaults, parameters }],
            subject,
            byPoints,
          ),
      parameters: runs.length === 0 ? null : evidenceOf("measured", runs, subject, byPoints),
    };
  }

  /** The pieces in the order of the inputs, so that of equal errors the first stays, however the work was shared out. */
  private proof(merged: (a: Measurement, b: Measurement) => Measurement): Certificate["defaults"] {
    const pieces = [...(this.state?.pieces ?? [])].sort(([a], [b]) => a - b).map(([, outcome]) => outcome);
    const margin = pieces.reduce((most, piece) => Math.max(most, piece.margin ?? 0), 0);
    const whole = pieces.map(({ measurement }) => measurement).reduce(merged);
    const parameters = this.subject.defaults[this.column.target];
    const truth: TruthUsed = { form: "interpolant", margin, byReference: this.tied };
    return evidenceOf("proved", [{ measurement: whole, parameters }], this.subject, truth);
  }
}

/**
 * Shares the pieces of all jobs out. `onDone` gets each job as soon as it and those before it are done. False if it was
 * interrupted.
 */
export async function runJobs(
  jobs: readonly ColumnJob[],
  crew: Crew,
  interrupted: AbortSignal,
  watch: { readonly onPiece: (piece: Piece) => void; readonly onDone: (job: ColumnJob) => void },
): Promise<boolean> {
  const ended = new Promise<undefined>((resolve) => {
    if (interrupted.aborted) resolve(undefined);
    interrupted.addEventListener("abort", () => resolve(undefined), { once: true });
  });
  let told = 0;
  const tell = (): void => {
    for (let job = jobs[told]; job?.isDone === true; job = jobs[told]) {
      told += 1;
      watch.onDone(job);
    }
  };
  const work = async (): Promise<void> => {
    while (!interrupted.aborted) {
      const piece = jobs.find(({ pending }) => pending.length > 0)?.pending.shift();
      if (piece === undefined) return;
      piece.job.begin();
      const outcome = await Promise.race([crew.measure(piece.task), ended]);
      if (outcome === undefined) return;
      piece.job.accept(piece, outcome);
      watch.onPiece(piece);
      tell();
    }
  };
  tell();
  await Promise.all(Array.from({ length: crew.size }, work));
  return told === jobs.length;
}
