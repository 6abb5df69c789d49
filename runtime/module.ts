import { cpu } from "./cpu/device.js";
import type { Device } from "./device.js";
import { adopt, keep } from "./scope.js";
import { formatShape, sameShape } from "./shape.js";
import { Tensor } from "./tensor.js";

/** Where a parameter makes sense; an end that is not closed does not belong to it. */
export interface ParameterRange {
  readonly low: number;
  readonly high: number;
  readonly lowClosed: boolean;
  readonly highClosed: boolean;
}

/** A tensor that a module learns. It keeps its identity when it moves to another device or takes other values. */
export class Parameter extends Tensor {
  /** The least and the largest number that optimisers leave in it; null: they change it as they like. */
  readonly limits: readonly [least: number, largest: number] | null;

  /** Takes the numbers of `initial`, on its device. */
  constructor(initial: Tensor, range?: ParameterRange) {
    super({ shape: initial.shape, device: initial.device, storage: initial.storage.retain(), requiresGrad: true });
    this.limits = range ? limitsOf(range) : null;
    keep(this);
  }

  /** Moves to the device, without its gradient. */
  async moveTo(device: Device): Promise<void> {
    if (device === this.device) return;
    this.replaceStorage(device, device.upload(await this.read()));
    this.grad = null;
  }

  /** Takes a copy of the numbers of a tensor of the same shape; moves to `device`, which need not be its own, if given. */
  assign(values: Tensor, device: Device = this.device): void {
    if (!sameShape(values.shape, this.shape)) {
      throw new RangeError(
        `assign(): the tensor has shape ${formatShape(values.shape)}, the parameter ${formatShape(this.shape)}`,
      );
    }
    if (device !== this.device) this.grad = null;
    const host = values.device.values(values.storage);
    if (host) return this.replaceStorage(device, device.upload(host));
    if (values.device !== device) throw new Error("assign(): the tensor is on another GPU: bring it to the CPU first");
    const copy = values.detach().mul(1);
    this.replaceStorage(device, copy.storage.retain());
    copy.dispose();
  }
}

/** The ends of a range in float32: next to an end that does not belong to it, the nearest number that is not subnormal. */
function limitsOf({ low, high, lowClosed, highClosed }: ParameterRange): readonly [number, number] {
  const inside = (end: number, closed: boolean, up: boolean): number => {
    const single = Math.fround(end);
    const isInside = up ? single > end : single < end;
    if (!Number.isFinite(end) || isInside || (closed && single === end)) return single;
    if (single === 0) return up ? 2 ** -126 : -(2 ** -126);
    const bits = new Int32Array(Float32Array.of(single).buffer);
    bits[0]! += single > 0 === up ? 1 : -1;
    return new Float32Array(bits.buffer)[0]!;
  };
  return [inside(low, lowClosed, true), inside(high, highClosed, false)];
}

/** Tensors by name, as `"0.weight"`: a map, since a name read from a file may be any text. */
export type StateDict = Map<string, Tensor>;

/** A state does not fit a module. */
export class StateDictError extends Error {
  override readonly name = "StateDictError";

  constructor(
    readonly missing: readonly string[],
    readonly unexpected: readonly string[],
    readonly mismatched: readonly string[],
  ) {
    const part = (what: string, names: readonly string[]): string[] =>
      names.length > 0 ? [`${what}: ${names.join(", ")}`] : [];
    const parts = [
      ...part("missing", missing),
      ...part("unexpected", unexpected),
      ...part("of another shape", mismatched),
    ];
    super(`the state does not fit the module: ${parts.join("; ")}`);
  }
}

/**
 * A part of a network. Parameters and modules that are properties of it, or in arrays that are, are found by
 * themselves; their names are the properties' names, joined by dots.
 */
export abstract class Module {
  /** Whether it is in training; some modules behave otherwise in evaluation. */
  training = true;

  abstract forward(...inputs: Tensor[]): Tensor;

  /** The result for the inputs. */
  call(...inputs: Tensor[]): Tensor {
    return this.forward(...inputs);
  }

  /** What it consists of, by name. @internal */
  *members(): Iterable<[name: string, member: Parameter | Module]> {
    for (const name of Object.keys(this)) {
      const value: unknown = Reflect.get(this, name);
      if (isMember(value)) yield [name, value];
      if (!Array.isArray(value)) continue;
      const items: readonly unknown[] = value;
      for (const [i, item] of items.entries()) if (isMember(item)) yield [`${name}.${i}`, item];
    }
  }

  /** Itself and all modules in it, each once. */
  *modules(): Iterable<Module> {
    const seen = new Set<Module>();
    const visit = function* (module: Module): Iterable<Module> {
      if (seen.has(module)) return;
      seen.add(module);
      yield module;
      for (const [, member] of module.members()) if (member instanceof Module) yield* visit(member);
    };
    yield* visit(this);
  }

  /** Every name of every parameter; one that is shared has several. */
  *#allNames(prefix: string): Iterable<[name: string, parameter: Parameter]> {
    for (const [name, member] of this.members()) {
      if (member instanceof Module) yield* member.#allNames(`${prefix}${name}.`);
      else yield [prefix + name, member];
    }
  }

  /** All parameters, each once, by its first name. */
  *namedParameters(): Iterable<[name: string, parameter: Parameter]> {
    const seen = new Set<Parameter>();
    for (const [name, parameter] of this.#allNames("")) {
      if (!seen.has(parameter)) yield [name, parameter];
      seen.add(parameter);
    }
  }

  parameters(): Parameter[] {
    return Array.from(this.namedParameters(), ([, parameter]) => parameter);
  }

  train(mode = true): this {
    for (const module of this.modules()) module.training = mode;
    return this;
  }

  eval(): this {
    return this.train(false);
  }

  /** Moves all parameters, which stay the same objects. Create optimisers afterwards. */
  async to(device: Device): Promise<this> {
    for (const parameter of this.parameters()) await parameter.moveTo(device);
    return this;
  }

  /** Forgets the gradients; their memory is freed at the end of the surrounding `tidy()`, or when it is garbage. */
  zeroGrad(): void {
    forgetGradients(this.parameters());
  }

  /** The parameters' own numbers, not a copy, where they are. To keep them, and to save them, take {@link snapshot}. */
  stateDict(): StateDict {
    return new Map(Array.from(this.#allNames(""), ([name, parameter]) => [name, parameter.detach()] as const));
  }

  /** A copy of the state on the CPU: safe from further training, and from the loss of the device. */
  async snapshot(): Promise<StateDict> {
    const state: StateDict = new Map();
    for (const [name, parameter] of this.#allNames("")) {
      const storage = cpu.upload(await parameter.read());
      state.set(name, new Tensor({ shape: parameter.shape, device: cpu, storage }));
    }
    return state;
  }

  /**
   * Takes over a state, all or nothing: every name must be there with its shape, and no other. Given a device, the
   * parameters move there, even from one that was lost.
   */
  loadStateDict(state: ReadonlyMap<string, Tensor>, device?: Device): void {
    const own = new Map(this.#allNames(""));
    const mismatched = [...own].flatMap(([name, { shape }]) => {
      const given = state.get(name);
      if (!given || sameShape(given.shape, shape)) return [];
      return [`${name} (given ${formatShape(given.shape)}, wanted ${formatShape(shape)})`];
    });
    const missing = [...own.keys()].filter((name) => !state.has(name));
    const unexpected = [...state.keys()].filter((name) => !own.has(name));
    if (missing.length + unexpected.length + mismatched.length > 0) {
      throw new StateDictError(missing, unexpected, mismatched);
    }
    for (const [name, parameter] of own) parameter.assign(state.get(name)!, device);
  }
}

const isMember = (value: unknown): value is Parameter | Module => value instanceof Parameter || value instanceof Module;

export function forgetGradients(parameters: Iterable<Parameter>): void {
  for (const parameter of parameters) {
    if (parameter.grad) adopt(parameter.grad);
    parameter.grad = null;
  }
}
