/** The compiled activations by the names of their classes. */
import { Module, noGrad, tidy, zeros } from "activation-compiler/runtime";
import { suggestion } from "../../compiler/suggestion.js";
import * as generated from "../../generated/index.js";

type ModuleClass = new () => Module;

const isModuleClass = (value: unknown): value is ModuleClass =>
  typeof value === "function" && value.prototype instanceof Module;

const classesByName: ReadonlyMap<string, ModuleClass> = new Map(
  Object.entries<unknown>(generated).flatMap(([name, value]) => (isModuleClass(value) ? [[name, value]] : [])),
);

/** A new activation with its defaults; throws, with the names that there are, for a name that there is not. */
export function activationNamed(name: string): Module {
  const Class = classesByName.get(name);
  if (Class) return new Class();
  const names = [...classesByName.keys()];
  const meant = suggestion(name, names);
  const question = meant === undefined ? "" : `; did you mean ${meant}?`;
  throw new RangeError(`there is no activation '${name}'${question}\nThere are ${names.join(", ")}.`);
}

/**
 * How many features the activation makes of `features`: half as many, for one that splits them into a gate and a value.
 * Throws where it takes further inputs, which a layer before it does not give.
 */
export function featuresAfter(activation: Module, features: number): number {
  const name = activation.constructor.name;
  let after: readonly number[];
  try {
    after = tidy(() => noGrad(() => activation.call(zeros([1, features])).shape));
  } catch (cause) {
    throw new TypeError(`${name} does not work on the output of one layer alone`, { cause });
  }
  return after.at(-1)!;
}
