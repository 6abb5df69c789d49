/** Scalar functions for WGSL beyond value and gradients: both together, and gradients of gradients. */
import type { Application, Variable } from "../../ir/expr.js";
import { wgslReserved } from "../../names.js";
import type { SecondOrder } from "../kernels.js";
import type { WgslNumber } from "../manifest.js";
import { type MachineFunction, machineNames, ownName } from "../machine-functions.js";
import { NameScope } from "../naming.js";
import { ofUnitFactor, type WgslForm } from "../pair-form.js";
import { quickText } from "../quick-form.js";
import { temporaryName } from "./temporary-names.js";
import {
  type Carry,
  gradientFields,
  localName,
  scalarParameters,
  type WgslContext,
  type WriteFunction,
} from "./wgsl.js";

/** In the machine language. */
export const fusedFunction = (prefix: string): string => ownName(`${prefix}_fused`);

/** The members of what the fused function gives: the value, then the derivative in each input. */
export function fusedFields({ plan }: WgslContext): { readonly value: string; readonly inputs: readonly string[] } {
  const inputs = gradientFields(plan).slice(0, plan.activation.inputs.length);
  return { value: new NameScope(inputs, [wgslReserved]).claim("value"), inputs };
}

/** The members of what the function of gradients of gradients gives: that of the cotangent, then those of the variables. */
export function secondFields({ plan }: WgslContext): {
  readonly cotangent: string;
  readonly others: readonly string[];
} {
  const others = gradientFields(plan);
  return { cotangent: new NameScope(others, [wgslReserved]).claim("dy"), others };
}

export const structText = (name: string, members: readonly string[], number: WgslNumber = "f32"): string =>
  `struct ${name} {\n${members.map((member) => `${member}: ${number}`).join(",\n")}\n}`;

/**
 * The value and the derivatives in the inputs, which share what they have in common. Where a form does not do, the function
 * that computes this result alone is called.
 */
export function carryFused(context: WgslContext, write: WriteFunction, carry: Carry): void {
  const { plan, prefix, value, gradients, numbers } = context;
  const parameters = scalarParameters(plan);
  const { value: valueField, inputs } = fusedFields(context);
  const struct = ownName(`${prefix}_value_and_slopes`);
  carry(struct, structText(struct, [valueField, ...inputs], numbers.fused));
  const name = fusedFunction(prefix);
  if (value.quick || gradients.quick) return carry(name, fusedQuickly(context, struct));
  const elsewhere = (form: WgslForm, name: string, text: () => string): WgslForm => {
    if (form.kind === "single" || !form.exact) return form;
    const alone: MachineFunction = { name, own: [name], variables: parameters, text: text(), serves: "everywhere" };
    return { ...form, exact: null, far: alone };
  };
  const fields = gradientFields(plan);
  const slopes = plan.activation.inputs.map((_, i) => {
    const name = ownName(`${prefix}_slope_${i}`);
    const names = parameters.map((_, k) => `x${k}`);
    const member = plan.gradients.length > 1 ? `.${fields[i] ?? ""}` : "";
    const call = `${ownName(`${prefix}_backward`)}(${["1.0", ...names].join(", ")})${member}`;
    const signature = names.map((each) => `${each}: f32`).join(", ");
    const text = (): string => `fn ${name}(${signature}) -> f32 {\nreturn ${call};\n}`;
    return { name: inputs[i]!, form: elsewhere(ofUnitFactor(gradients.careful[i]!, plan.cotangent), name, text) };
  });
  const results = [{ name: valueField, form: elsewhere(value.careful[0]!, ownName(prefix), () => "") }, ...slopes];
  carry(name, write(name, parameters, results, struct, numbers.fused));
}

/** Of quick forms: together where these serve for all operands, else by the functions for each. */
function fusedQuickly({ plan, prefix, value, gradients }: WgslContext, struct: string): string {
  const name = fusedFunction(prefix);
  const scope = new NameScope(
    [ownName(prefix), ownName(`${prefix}_backward`), "slopes"],
    [wgslReserved, machineNames()],
  );
  const parameters = scalarParameters(plan).map((variable) => ({
    variable,
    name: scope.claim(localName(variable.name)),
  }));
  const slopes = (gradients.quick ?? []).slice(0, plan.activation.inputs.length);
  const forms = [...(value.quick ?? []), ...slopes.map((form) => ({ ...form, factor: null }))];
  const [first] = forms;
  if (
    value.quick &&
    gradients.quick &&
    forms.every(({ guard, precise }) => guard === null && precise === first?.precise)
  ) {
    const temporary = (node: Application): string => localName(temporaryName(node, plan));
    return quickText({ name, parameters, forms, struct, temporaryName: temporary });
  }
  const names = parameters.map((parameter) => parameter.name);
  const fields = gradientFields(plan);
  const of = plan.activation.inputs.map((_, i) => `slopes${plan.gradients.length > 1 ? `.${fields[i] ?? ""}` : ""}`);
  return [
    `fn ${name}(${names.map((each) => `${each}: f32`).join(", ")}) -> ${struct} {`,
    `let slopes = ${ownName(`${prefix}_backward`)}(${["1.0", ...names].join(", ")});`,
    `return ${struct}(${[`${ownName(prefix)}(${names.join(", ")})`, ...of].join(", ")});`,
    "}",
  ].join("\n");
}

/**
 * Second derivatives, and from these and the first ones the gradients of what backward gives. It takes the cotangent of the
 * result, those of the inputs' gradients, the inputs and parameters, and the cotangents of the learned parameters' gradients.
 */
export function carrySecond(
  context: WgslContext,
  second: SecondOrder & { readonly forms: readonly WgslForm[] },
  write: WriteFunction,
  carry: Carry,
): void {
  const { plan, prefix } = context;
  const parameters = scalarParameters(plan);
  const { cotangent: cotangentField, others } = secondFields(context);
  const members = new NameScope([], [wgslReserved]);
  const names = second.forms.map((_, place) => members.claim(placeName(second, place, others)));
  const several = names.length > 1;
  const curvature = ownName(`${prefix}_curvature`);
  if (names.length > 0) {
    const struct = several ? ownName(`${prefix}_curvatures`) : null;
    if (struct) carry(struct, structText(struct, names));
    const results = second.forms.map((form, i) => ({
      name: struct ? names[i]! : "",
      form: ofUnitFactor(form, plan.cotangent),
    }));
    carry(curvature, write(curvature, parameters, results, struct));
  }
  const scope = new NameScope(["slopes", "curvatures", curvature, ...names], [wgslReserved, machineNames()]);
  const local = (variable: Variable): string => scope.claim(localName(variable.name));
  const dy = local(plan.cotangent);
  const own = parameters.map(local);
  const given = second.cotangents.map(local);
  const count = plan.activation.inputs.length;
  const { length } = plan.gradients;
  const slopes = plan.gradients.map((_, j) => `${given[j]!} * slopes${length > 1 ? `.${others[j]!}` : ""}`);
  const results = second.places.map((places) => {
    const terms = places.flatMap((place, j) =>
      place === null ? [] : [`product_of_three(${dy}, ${given[j]!}, curvatures${several ? `.${names[place]!}` : ""})`],
    );
    return terms.length === 0 ? "0.0" : terms.join(" + ");
  });
  const struct = ownName(`${prefix}_second_gradients`);
  carry(struct, structText(struct, [cotangentField, ...others]));
  const signature = [dy, ...given.slice(0, count), ...own, ...given.slice(count)]
    .map((name) => `${name}: f32`)
    .join(", ");
  const name = ownName(`${prefix}_double_backward`);
  carry(
    name,
    [
      `fn ${name}(${signature}) -> ${struct} {`,
      `let slopes = ${ownName(`${prefix}_backward`)}(${["1.0", ...own].join(", ")});`,
      ...(names.length > 0 ? [`let curvatures = ${curvature}(${own.join(", ")});`] : []),
      `return ${struct}(${[slopes.join(" + "), ...results].join(", ")});`,
      "}",
    ].join("\n"),
  );
}

/** After the variables in which it is the derivative. */
function placeName({ places }: SecondOrder, place: number, fields: readonly string[]): string {
  const i = places.findIndex((row) => row.includes(place));
  const j = places[i]!.indexOf(place);
  return `${fields[i]!}_${fields[j]!}`;
}
