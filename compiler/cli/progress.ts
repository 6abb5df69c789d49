import type { ColumnJob, Piece } from "./column-job.js";
import type { Environment } from "./environment.js";

const barWidth = 24;
/** In milliseconds. */
const redrawing = 100;

/** How far a long run is: a bar that is drawn over on a terminal, nothing elsewhere. */
export class Progress {
  private readonly start = performance.now();
  private readonly isShown: boolean;
  private readonly total: number;
  private drawn = 0;
  private done: number;
  /** What an earlier run had done tells nothing of this one's speed. */
  private readonly given: number;

  constructor(
    jobs: readonly ColumnJob[],
    private readonly environment: Environment,
    quiet: boolean,
  ) {
    const sum = (costs: readonly number[]): number => costs.reduce((a, b) => a + b, 0);
    this.isShown = environment.stderr.isTTY && !quiet;
    this.given = this.done = sum(jobs.map(({ alreadyDone }) => alreadyDone));
    this.total = this.given + sum(jobs.flatMap(({ pending }) => pending.map(({ cost }) => cost)));
  }

  advance({ cost, job }: Piece): void {
    this.done += cost;
    const now = performance.now();
    if (!this.isShown || (now - this.drawn < redrawing && this.drawn > 0)) return;
    this.drawn = now;
    const { activation, target, column } = job.key;
    this.environment.stderr.write(
      `\r\u001b[2K${this.line(`${activation}, ${target}, ${column}`, (now - this.start) / 1000)}`,
    );
  }

  private line(label: string, seconds: number): string {
    const fraction = Math.min(1, this.done / this.total);
    const filled = Math.round(fraction * barWidth);
    const bar = "█".repeat(filled) + "░".repeat(barWidth - filled);
    const left = (seconds * Math.max(0, this.total - this.done)) / (this.done - this.given);
    const text = `${bar} ${Math.floor(fraction * 100)} %, ${duration(left)} left: ${label}`;
    return text.slice(0, (this.environment.stderr.columns ?? 80) - 1);
  }

  /** Takes the bar away, for a line to be printed. */
  clear(): void {
    if (!this.isShown || this.drawn === 0) return;
    this.environment.stderr.write("\r\u001b[2K");
    this.drawn = 0;
  }
}

/** `0.4 s`, `12 s`, `3 min 20 s`, `2 h 5 min`. */
export function duration(seconds: number): string {
  if (seconds < 9.95) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  return `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} min`;
}
