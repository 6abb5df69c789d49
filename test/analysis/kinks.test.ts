import { describe, expect, test } from "vitest";
import { findKinks } from "../../compiler/calculus/kinks.js";
import { withActivation } from "./activation.js";

/** `condition @ at = value: left | chosen | right`, with `jump` where the value is not continuous. */
const kinksOf = (text: string): string[] =>
  withActivation(text, (activation) =>
    findKinks(activation).map(
      ({ condition, at, value, continuous, left, right, chosen }) =>
        `${condition} @ ${at} = ${value}: ${left} | ${chosen} | ${right}${continuous ? "" : " jump"}`,
    ),
  );

describe("kinks", () => {
  test.each<[string, readonly string[]]>([
    ["f(x) = where(x > 0, x, 0)", ["x > 0 @ 0 = 0: 0 | 0 | 1"]],
    ["f(x) = where(x >= 0, x, 0)", ["x >= 0 @ 0 = 0: 0 | 1 | 1"]],
    ["f(x) = max(0, x)", ["0 > x @ 0 = 0: 0 | 1 | 1"]],
    ["f(x) = where(not (x <= 0), x, 0.1 * x)", ["x <= 0 @ 0 = 0: 0.1 | 0.1 | 1"]],
    ["f(x) = abs(x)", ["x > 0 @ 0 = 0: -1 | 0 | 1"]],
    ["f(x) = abs(x - 1/3)", ["x - 1 / 3 > 0 @ 1/3 = 0: -1 | 0 | 1"]],
    ["f(x) = x * abs(x)", []],
    ["f(x) = x / (1 + abs(x))", []],
    ["f(x) = sign(x)", ["x > 0 @ 0 = 0: 0 | 0 | 0 jump"]],
    ["f(x) = sqrt(x^2)", ["x >= 0 @ 0 = 0: -1 | 1 | 1"]],
    ["f(x; k = 0.01) = where(x > 0, x, k * x)", ["x > 0 @ 0 = 0: k | k | 1"]],
    ["f(x; learn w[channel] = 0.25) = where(x > 0, x, w * x)", ["x > 0 @ 0 = 0: w | w | 1"]],
    ["f(x; alpha = 1) = where(x > 0, x, alpha * (exp(x) - 1))", ["x > 0 @ 0 = 0: alpha | alpha | 1"]],
    ["f(x; alpha = 1 in (0, inf)) = where(x > 0, x, alpha * (exp(x / alpha) - 1))", []],
    ["f(x; t = 1, v = 0) = where(x > t, x, v)", ["x > t @ t = v: 0 | 0 | 1 jump"]],
    [
      "f(x; l = 0.5 in [0, inf)) = where(x > l or x < -l, x, 0)",
      ["x > l @ l = 0: 0 | 0 | 1 jump", "x < -l @ -l = 0: 1 | 0 | 0 jump"],
    ],
    // Smooth at the defaults alone.
    ["f(x; r = 1, a = 1) = where(x >= r, r + a * (x - r), x)", ["x >= r @ r = r: 1 | a | a"]],
    ["f(x) = min(max(x, 0), 6)", ["x > 0 @ 0 = 0: 0 | 0 | 1", "max(x, 0) < 6 @ 6 = 6: 1 | 0 | 0"]],
    ["f(x; c = 6 in (0, inf)) = min(max(x, 0), c)", ["x > 0 @ 0 = 0: 0 | 0 | 1", "max(x, 0) < c @ c = c: 1 | 0 | 0"]],
    ["f(x) = x * clamp(x + 3, 0, 6) / 6", ["x + 3 >= 6 @ 3 = 3: 1.5 | 1 | 1", "x + 3 <= 0 @ -3 = 0: 0 | 0 | -0.5"]],
    ["f(gate, up) = max(gate, 0) * up", ["gate > 0 @ gate = 0 = 0: 0 | 0 | up"]],
    ["f(x, t) = max(x, t)", ["x > t @ x = t = t: 0 | 0 | 1", "x > t @ t = x = x: 0 | 1 | 1"]],
    ["f(x) = where(exp(x) > 2, exp(x), 2)", ["exp(x) > 2 @ 0.69314718056 = 2: 0 | 0 | 2"]],
    ["f(x) = where(x == 0, 1, sin(x) / x)", []],
    ["f(x) = where(x == 0, 1, (exp(x) - 1) / x)", []],
    ["f(x) = where(x == 0, 0, sin(x) / x)", ["x == 0 @ 0 = 0: 0 | 0 | 0 jump"]],
    ["f(x) = where(x == 1, 5, x)", ["x == 1 @ 1 = 5: 1 | 0 | 1 jump"]],
    ["f(x) = where(x > 0, log(x), 0)", ["x > 0 @ 0 = 0: 0 | 0 | inf jump"]],
    ["f(x) = log(abs(x))", []],
    ["f(x; slope = 25) = where(x > 0, 1, 0)\n  grad x = 1 / (1 + slope * abs(x))^2", ["x > 0 @ 0 = 0: 1 | 1 | 1 jump"]],
    ["f(x; axis d = -1) = e / sum[d](e)\n  let e = exp(x - max[d](x))", []],
  ])("%s", (text, expected) => expect(kinksOf(text)).toEqual(expected));
});
