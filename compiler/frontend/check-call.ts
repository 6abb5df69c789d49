/** One call: what it calls, and whether the arguments fit. */
import type { AxisReference, Definition, Expression, Parameter } from "../../grammar/syntax.js";
import { quote } from "../diagnostics.js";
import { type BuiltinSignature, builtinNames, builtinSignature } from "../primitives/builtins.js";
import type { Entry } from "./check-entry.js";
import type { ExpressionChecker } from "./check-expressions.js";
import { describe } from "./check-scope.js";
import { suggestion } from "../suggestion.js";
import { functionAdvice } from "./check-vocabulary.js";

type Call = Extract<Expression, { kind: "call" }>;

const counted = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? "" : "s"}`;

export class CallChecker {
  constructor(private readonly expressions: ExpressionChecker) {}

  check(call: Call): void {
    const { entry } = this.expressions;
    const name = call.callee.text;
    const builtin = builtinSignature(name);
    const defined = entry.file.entries.get(name);
    // Inside itself, a definition's name means the built-in.
    const inItself = name === entry.definition.name.text;
    if (builtin && (inItself || !defined)) this.checkBuiltin(call, builtin);
    else if (defined) this.checkDefined(call, defined);
    else this.checkUnknown(call);
  }

  private report(
    code: string,
    span: Call["span"],
    message: string,
    advice: { expected?: string; hint?: string } = {},
  ): void {
    this.expressions.report({ code, span, message, ...advice });
  }

  private checkOperands(call: Call, firstIsCondition = false): void {
    call.positional.forEach((operand, i) => {
      this.expressions.require(firstIsCondition && i === 0 ? "condition" : "number", operand);
    });
  }

  // Built-in functions

  private checkBuiltin(call: Call, signature: BuiltinSignature): void {
    const { name } = signature;
    if (call.named.length === 0) this.checkOperands(call, signature.condition && !call.axis);
    // What a name was put to may be a comparison: the operands then stand in the wrong places.
    else for (const operand of call.positional) this.checkLoosely(operand);
    for (const argument of call.named) {
      const isValue = this.expressions.scope.values.has(argument.name.text);
      this.report("named-argument", argument.name.span, `'${name}' takes its operands by position`, {
        hint: isValue ? "to compare two numbers, write '=='" : "remove the name",
      });
      this.checkLoosely(argument.value);
    }
    if (call.named.length > 0) return;
    if (call.axis) this.checkReduction(call, call.axis, signature);
    else this.checkOperandCount(call, signature);
  }

  private checkReduction(call: Call, axis: AxisReference, { name, reduces }: BuiltinSignature): void {
    if (!reduces) {
      this.report("unexpected-axis", axis.span, `'${name}' does not reduce over an axis`, {
        hint: "remove the brackets",
      });
      return;
    }
    if (this.expressions.isConstant) {
      this.report("not-constant", call.span, "a reduction is no constant", {
        expected: "numbers, 'pi' and arithmetic",
      });
    } else {
      this.checkAxis(axis);
    }
    if (call.positional.length !== 1) {
      const given = call.positional.length;
      this.report("argument-count", call.span, `'${name}' over an axis takes 1 operand, not ${given}`);
    }
  }

  private checkAxis(reference: AxisReference): void {
    const { values, axis } = this.expressions.scope;
    if (reference.kind === "name") {
      const value = values.get(reference.name);
      if (value) value.used = true;
      if (value?.kind === "axis") return;
      const hint = axis
        ? `the axis is called '${axis.name.text}'`
        : `declare it after a ';': 'axis ${reference.name} = -1'`;
      this.report(
        "unknown-axis",
        reference.span,
        value ? `'${reference.name}' is ${describe[value.kind]}, not an axis` : `unknown axis ${quote(reference.name)}`,
        { hint: value && !axis ? "declare an axis after a ';': 'axis d = -1'" : hint },
      );
      return;
    }
    if (axis) axis.used = true;
    this.report("undeclared-axis", reference.span, "an axis is named in brackets, not numbered", {
      hint: axis
        ? `write '[${axis.name.text}]'`
        : `declare it after a ';', 'axis d = ${reference.value}', and write '[d]'`,
    });
  }

  private checkOperandCount(call: Call, { name, operands, reduces }: BuiltinSignature): void {
    const given = call.positional.length;
    const axis = this.expressions.scope.axis?.name.text ?? "d";
    const asReduction = {
      hint: `name the axis: '${name}[${axis}](…)'${axis === "d" ? " with 'axis d = -1' in the signature" : ""}`,
    };
    if (!operands || (reduces && given === 1)) {
      this.report(
        "missing-axis",
        call.span,
        `'${name}' of one operand reduces over an axis, but none is given`,
        asReduction,
      );
      return;
    }
    const { minimum, maximum } = operands;
    if (given >= minimum && given <= maximum) return;
    const takes = minimum === maximum ? counted(minimum, "operand") : `at least ${counted(minimum, "operand")}`;
    this.report("argument-count", call.span, `'${name}' takes ${takes}, not ${given}`);
  }

  // Other definitions

  private checkDefined(call: Call, callee: Entry): void {
    const { definition } = callee;
    const name = definition.name.text;
    this.checkOperands(call);
    if (this.expressions.isConstant) {
      this.report(
        "not-constant",
        call.span,
        `'${name}' is a definition, but defaults and ranges call built-in functions only`,
      );
      return;
    }
    const { entry, currentDepth } = this.expressions;
    entry.calls.push({ callee, call, depth: currentDepth });
    if (call.axis) this.reportAxisInBrackets(call.axis, definition);
    this.checkInputs(call, definition);
    this.checkNamed(call, definition);
    for (const parameter of definition.parameters) {
      if (parameter.kind !== "learned" || call.named.some((argument) => argument.name.text === parameter.name.text))
        continue;
      const own = parameter.name.text;
      this.report("learned-not-given", call.span, `'${name}' learns '${own}', which the call does not give`, {
        hint: `declare 'learn ${own}' in the signature of '${entry.definition.name.text}' and pass '${own} = ${own}'`,
      });
    }
  }

  private reportAxisInBrackets(axis: AxisReference, { name, parameters }: Definition): void {
    const own = parameters.find(({ kind }) => kind === "axis");
    const given = axis.kind === "name" ? axis.name : String(axis.value);
    this.report(
      "unexpected-axis",
      axis.span,
      `'${name.text}' is a definition of this file, which takes no axis in brackets`,
      {
        hint: own ? `give the axis by name: '${own.name.text} = ${given}'` : "remove the brackets",
      },
    );
    this.markAxisUsed();
  }

  private markAxisUsed(): void {
    const { axis } = this.expressions.scope;
    if (axis) axis.used = true;
  }

  private checkInputs(call: Call, { name, inputs, parameters }: Definition): void {
    const given = call.positional.length;
    const late = call.positional.find(({ span }) =>
      call.named.some((argument) => argument.name.span.start < span.start),
    );
    if (late) {
      this.report("positional-after-named", late.span, "an argument by position follows one by name", {
        hint: "inputs come first, in order",
      });
    }
    if (given === inputs.length) return;
    const first = parameters.find(({ kind }) => kind !== "axis") ?? parameters[0];
    this.report("argument-count", call.span, `'${name.text}' takes ${counted(inputs.length, "input")}, not ${given}`, {
      ...(inputs.length <= 8 ? { expected: inputs.map(({ text }) => text).join(", ") } : {}),
      ...(given > inputs.length && first ? { hint: `parameters go by name: '${first.name.text} = …'` } : {}),
    });
  }

  private checkNamed(call: Call, definition: Definition): void {
    const seen = new Set<string>();
    for (const { name, value } of call.named) {
      const parameter = definition.parameters.find((each) => each.name.text === name.text);
      if (seen.has(name.text)) {
        this.report("duplicate-argument", name.span, `'${name.text}' is given twice`);
      }
      seen.add(name.text);
      if (parameter?.kind === "axis") this.checkAxisArgument(parameter, value);
      else if (parameter) this.expressions.require("number", value);
      else this.checkLoosely(value);
      if (!parameter) this.reportUnknownParameter(name, definition);
    }
  }

  /** An argument of which nobody knows what it should be. */
  private checkLoosely(value: Expression): void {
    if (value.kind === "name" && this.expressions.scope.values.get(value.name)?.kind === "axis") this.markAxisUsed();
    else this.expressions.typeOf(value);
  }

  /** An integer, or the caller's axis. */
  private checkAxisArgument({ name }: Parameter, value: Expression): void {
    this.expressions.size++;
    const digits = value.kind === "negate" ? value.operand : value;
    if (digits.kind === "number" && Number.isInteger(Number(digits.text))) return;
    if (value.kind === "name" && this.expressions.scope.values.get(value.name)?.kind === "axis") {
      this.markAxisUsed();
      return;
    }
    this.report("axis-argument", value.span, `${this.expressions.excerpt(value.span)} is no axis for '${name.text}'`, {
      expected: "an integer, or the axis of this definition",
    });
  }

  private reportUnknownParameter(name: Call["callee"], { name: callee, inputs, parameters }: Definition): void {
    if (inputs.some(({ text }) => text === name.text)) {
      this.report("unknown-parameter", name.span, `'${name.text}' is an input of '${callee.text}'`, {
        hint: "inputs are given by position",
      });
      return;
    }
    const names = parameters.map((each) => each.name.text);
    const meant = suggestion(name.text, names);
    this.report("unknown-parameter", name.span, `'${callee.text}' has no parameter ${quote(name.text)}`, {
      ...(names.length > 0 ? { expected: names.slice(0, 8).join(", ") } : {}),
      ...(meant === undefined ? {} : { hint: `did you mean '${meant}'?` }),
    });
  }

  // Anything else

  private checkUnknown(call: Call): void {
    const { entry, scope } = this.expressions;
    const { text: name, span } = call.callee;
    for (const argument of [...call.positional, ...call.named.map(({ value }) => value)]) this.checkLoosely(argument);
    if (call.axis) this.markAxisUsed();
    // One that could not be read has its own error.
    if (entry.file.names.has(name)) {
      entry.broken = true;
      return;
    }
    const own = entry.definition.name.text;
    const value = scope.values.get(name);
    if (value) {
      value.used = true;
      this.report("value-for-function", span, `'${name}' is ${describe[value.kind]}, not a function`, {
        hint: `for a product, write '${name} * (…)'`,
      });
      return;
    }
    const advice = functionAdvice(name);
    const meant =
      advice === undefined && entry.file.mayStillSuggest()
        ? suggestion(
            name,
            [...builtinNames(), ...entry.file.entries.keys()].filter((each) => each !== own),
          )
        : undefined;
    const elsewhere = entry.file.elsewhere(name);
    const hint =
      elsewhere !== undefined
        ? `calls reach the definitions of their own file only, and '${name}' is defined in ${elsewhere}`
        : (advice ?? (meant === undefined ? undefined : `did you mean '${meant}'?`));
    this.report("unknown-function", span, `unknown function ${quote(name)}`, hint === undefined ? {} : { hint });
  }
}
