import { describe, expect, test } from "vitest";
import {
  className,
  exportedName,
  fileStem,
  parameterName,
  typescriptReserved,
  wgslName,
  wgslReserved,
} from "../../compiler/names.js";

const own = (name: string) => ({ name, className: null });

test.each([
  ["relu", "relu", "relu", "Relu", "relu"],
  ["leaky_relu", "leaky_relu", "leakyRelu", "LeakyRelu", "leaky_relu"],
  ["fooBar", "fooBar", "fooBar", "FooBar", "fooBar"],
  ["ReLU", "ReLU", "reLU", "ReLU", "ReLU"],
  ["GELU", "GELU", "gelu", "GELU", "GELU"],
  ["gelu_10", "gelu_10", "gelu10", "Gelu10", "gelu_10"],
  ["p1_2", "p1_2", "p1_2", "P1_2", "p1_2"],
  ["_private", "_private", "_private", "_Private", "_private"],
  ["a__b_", "a__b_", "aB_", "AB_", "a__b_"],
  ["_", "_", "_", "_", "a_"],
  ["__proto__", "__proto__", "__proto___", "__Proto__", "a__proto__"],
  ["default", "default", "default_", "Default", "default_"],
  ["class_", "class_", "class_", "Class_", "class_"],
  ["vec4", "vec4", "vec4", "Vec4", "vec4_"],
  ["main", "main", "main", "Main", "main_"],
  ["map", "map", "map", "Map_", "map"],
  ["con", "con_", "con", "Con", "con"],
  ["AUX", "AUX_", "aux", "AUX", "AUX"],
  ["com1", "com1_", "com1", "Com1", "com1"],
  ["index", "index_", "index", "Index", "index"],
  ["manifest", "manifest_", "manifest", "Manifest", "manifest"],
])("%s: file %s, function %s, class %s, WGSL %s", (name, file, exported, itsClass, wgsl) => {
  expect([fileStem(name), exportedName(name), className(own(name)), wgslName(name)]).toEqual([
    file,
    exported,
    itsClass,
    wgsl,
  ]);
});

test("a class clause is obeyed, unless the language reserves it", () => {
  expect(className({ name: "relu", className: "ReLU" })).toBe("ReLU");
  expect(className({ name: "relu", className: "Object" })).toBe("Object_");
});

test.each([
  ["negative_slope", "negativeSlope"],
  ["t_r", "tR"],
  ["K", "K"],
  ["constructor", "constructor_"],
  ["__proto__", "__proto___"],
  ["toString", "toString_"],
  ["in", "in_"],
  ["eval", "eval_"],
])("the parameter %s becomes %s", (name, expected) => {
  expect(parameterName(name)).toBe(expected);
});

describe("whatever the name", () => {
  const names = [...typescriptReserved, ...wgslReserved, "_", "__", "___x", "x_", "a1_2b", "_9"];

  test("it is an identifier that is not reserved", () => {
    const typescript = new Set(typescriptReserved);
    const wgsl = new Set(wgslReserved);
    for (const name of names) {
      for (const safe of [exportedName(name), parameterName(name), className(own(name))]) {
        expect(safe, name).toMatch(/^[A-Za-z_]\w*$/);
        expect(typescript.has(safe), safe).toBe(false);
      }
      expect(wgslName(name), name).toMatch(/^(?!__)(?!_$)[A-Za-z_]\w*$/);
      expect(wgsl.has(wgslName(name)), name).toBe(false);
    }
  });

  test("it can be declared in a module", () => {
    for (const name of names) {
      for (const safe of [exportedName(name), parameterName(name), className(own(name))]) {
        expect(() => new Function(`"use strict"; const ${safe} = 0; return ${safe};`), safe).not.toThrow();
      }
    }
  });
});
