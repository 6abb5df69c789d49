/** Threads that compute calls of a kernel together with the calling one. */
import type { Program } from "./memory.js";
import { type Thread, threadEngine } from "./thread-engine.js";
import { failed, layout, mostCalls, mostNumbers, pending, threadScript } from "./thread-script.js";
import { threads, whenThreadsAreSet } from "./threads.js";

/** Room in the memory of the kernels. */
export interface Rooms {
  readonly borrow: (size: number) => Float32Array | null;
  readonly giveBack: (values: Float32Array) => void;
}

/** How often a result is looked for before sleeping: some microseconds, which is how far apart threads end. */
const looks = 2000;
/** Milliseconds of one look that sleeps: a call takes less. */
const lap = 100;
/** What trying threads out may cost where they do not pay, as a part of all time. */
const mostLost = 1 / 32;
/** A thread that was stopped for longer says no more than this, in times of a job that one thread does alone. */
const largestLoss = 2;

/** Threads, and what they share with the calling one. */
class Team {
  readonly state = new SharedArrayBuffer(layout.bytes);
  readonly ticket = new BigInt64Array(this.state, layout.ticket, 1);
  readonly job = new Float64Array(this.state, layout.job, 4);
  readonly results = new Int32Array(this.state, layout.results, mostCalls);
  readonly numbers = new Float64Array(this.state, layout.numbers, mostNumbers);
  readonly threads: Thread[] = [];

  end(): void {
    for (const thread of this.threads) thread.end();
  }

  /** The next call that nobody has begun with. */
  begin(): number | null {
    for (;;) {
      const now = Atomics.load(this.ticket, 0);
      const left = Number(now & BigInt(mostCalls));
      if (left === 0) return null;
      if (Atomics.compareExchange(this.ticket, 0, now, now - 1n) === now) return left - 1;
    }
  }

  /** Returns when the call has given something, or when its thread counts as lost. */
  await(call: number, laps: number): void {
    const isPending = (): boolean => Atomics.load(this.results, call) === pending;
    for (let look = 0; look < looks && isPending(); look++);
    // Counted, not measured: where all threads of a program were halted, that is one lap.
    for (let i = 0; i < laps && isPending(); i++) {
      try {
        Atomics.wait(this.results, call, pending, lap);
      } catch {
        // The thread of a page must not sleep.
        const end = performance.now() + lap;
        while (isPending() && performance.now() < end);
      }
    }
  }
}

/**
 * Nobody waits for a thread that has not begun with a call: the calling one computes what is left, so threads that start late, are
 * kept from running or never start at all cost time at most.
 */
export class Crew {
  /** Null until there is something to do, and after a fault. */
  #team: Team | null = null;
  /** After a fault there are no more threads, until a number is chosen. */
  #isBroken = false;
  /** Jobs that are still left to one thread. */
  #resting = 0;
  /** What threads saved of late, as a part of the time that one alone would have taken. */
  #gain = 0;
  /** Where the bytes of modules lie, for good: threads know them by their addresses. */
  readonly #places = new Map<Uint8Array, Float32Array>();

  /**
   * @param memory shared, that of the rooms
   * @param laps of 100 ms until a thread that has begun with a call counts as lost
   * @param longestRest jobs at most that are left to one thread where threads do not pay
   */
  constructor(
    private readonly memory: object,
    private readonly rooms: Rooms,
    private readonly laps = 100,
    private readonly longestRest = largestLoss / mostLost,
  ) {
    whenThreadsAreSet(() => this.#end(false));
  }

  /** How many threads there are to compute something, the calling one included. */
  get size(): number {
    return this.#isBroken ? 1 : threads();
  }

  /**
   * What the calls of an export give, one after the other; null where one thread must do it. They are computed in any order, side by
   * side, and one whose thread is lost is computed again: so none may read what one of them writes.
   */
  run(program: Program, name: string, calls: readonly (readonly number[])[]): Int32Array | null {
    const kernel: unknown = Reflect.get(program.exports, name);
    const width = calls[0]?.length ?? 0;
    const fits = calls.length > 1 && calls.length <= mostCalls && calls.length * width <= mostNumbers;
    if (typeof kernel !== "function" || !fits || this.size === 1) return null;
    if (this.#resting > 0) {
      this.#resting--;
      return null;
    }
    const place = this.#placeOf(program.bytes);
    const team = place && (this.#team ??= this.#start());
    if (!team) return null;

    // There are no calls left of the job before, so nobody reads this.
    team.job.set([place.byteOffset, program.bytes.length, Object.keys(program.exports).indexOf(name), width]);
    calls.forEach((call, i) => team.numbers.set(call, i * width));
    team.results.fill(pending, 0, calls.length);
    const before = Atomics.load(team.ticket, 0);
    Atomics.store(team.ticket, 0, before + BigInt(mostCalls + 1) + BigInt(calls.length));
    Atomics.notify(team.ticket, 0);
    const start = performance.now();
    const compute = (call: number): number => Number(Reflect.apply(kernel, null, calls[call]!));
    let computed = 0;
    for (let call = team.begin(); call !== null; call = team.begin()) {
      computed++;
      let result: number = failed;
      try {
        result = compute(call);
      } catch {
        // It says so once more, when no other call is under way.
      }
      Atomics.store(team.results, call, result);
    }
    const own = performance.now();
    for (let call = 0; call < calls.length; call++) team.await(call, this.laps);
    this.#learn(((own - start) * calls.length) / computed, performance.now() - start);
    const results = team.results.slice(0, calls.length);
    if (results.some((result) => result < 0)) this.#end(true);
    return results.map((result, call) => (result < 0 ? compute(call) : result));
  }

  /**
   * Where other programs take the cores, threads are stopped in the middle of a call, and one alone is quicker. A mean over the last jobs tells that
   * from a disturbance. It follows what is better sooner than what is worse, and as long as it is a loss, so many jobs are left to one thread that
   * the loss of the next attempt is a small part of their time.
   */
  #learn(alone: number, together: number): void {
    // The others have done everything, or it took no time that can be measured.
    if (!(alone > 0 && alone < Infinity)) return;
    const gain = Math.max(1 - together / alone, -largestLoss);
    this.#gain += (gain - this.#gain) / (gain > this.#gain ? 2 : 4);
    this.#resting = Math.min(Math.floor(Math.max(-this.#gain, 0) / mostLost), this.longestRest);
  }

  #placeOf(bytes: Uint8Array): Float32Array | null {
    const known = this.#places.get(bytes);
    if (known) return known;
    const room = this.rooms.borrow(Math.ceil(bytes.length / 4));
    if (!room) return null;
    new Uint8Array(room.buffer, room.byteOffset, bytes.length).set(bytes);
    this.#places.set(bytes, room);
    return room;
  }

  /** Null where threads are forbidden. */
  #start(): Team | null {
    const engine = threadEngine();
    if (!engine) return null;
    const team = new Team();
    const lost = (): void => {
      if (this.#team === team) this.#end(true);
    };
    try {
      for (let i = 1; i < threads(); i++) {
        team.threads.push(engine.start(threadScript, { memory: this.memory, state: team.state }, lost));
      }
      return team;
    } catch {
      team.end();
      this.#isBroken = true;
      return null;
    }
  }

  #end(isBroken: boolean): void {
    this.#isBroken = isBroken;
    this.#gain = this.#resting = 0;
    this.#team?.end();
    this.#team = null;
  }
}
