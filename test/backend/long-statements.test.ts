/** Statements that are too long for their line, laid out without prettier: as prettier would. */
import { format } from "prettier";
import { describe, expect, it } from "vitest";
import { layOutStatement } from "../../compiler/backend/long-statements.js";

const statements = [
  "const quotient = (first * second) / (third + fourth * fifth) - sixth * Math.abs(seventh) + 0.5 * (eighth - ninth);",
  "const holds = alpha >= 0 || ((v3 * q3 + 9.332636185032189e-302 * q3) * v + (p5 + v6) <= 262144 * Math.abs(u2) && q >= 1e-302);",
  "dx[i] = Math.abs(p) >= 2.8883110013837273e-275 && Math.abs(v) <= Number.MAX_VALUE ? v : sigmoidDxDxExactly(xi, dyi * ddxI);",
  "dx[i] = -(first - second) * choose(xi <= minVal, 0, Number(xi < maxVal)) * choose(xi >= 0, weights[c]!, -1e-3 * xi);",
  "total[c]! += dyi * Math.min(Math.max(xi, -3.4028234663852886e38), 3.4028234663852886e38) * (1 + Math.abs(bounded3));",
  'requireLength("weight", weight, channels, theOtherArgument, oneMoreArgument, andTheLastArgument);',
  "storeAll(first, second, third, fourth * fifth, sixth % seventh, eighth / ninth, tenth, eleventh, twelfth);",
  "if (!(Math.abs(xi + 0.75) >= 0.015625 || 0.5 <= 131072 * Math.abs(phi))) break;",
  "if (!(Math.abs(p) + Math.abs(q) + 0.125 * Math.abs(u) <= 131072 * Math.abs(u2))) break;",
  "if (first + second * third <= fourth && fifth - sixth >= 262144 * Math.abs(seventh) && eighth) continue;",
  "const slope = (dyi: number, xi: number): number => dyi * choose(xi <= minVal, 0, Number(xi < maxVal)) * weight;",
  "const slope = (dyi: number, xi: number): number => choose(dyi * xi <= minVal, 0, Number(xi < maxVal) * weight);",
  "let sum = a % b + c * d / e - (f + g) * (h - j) / (k === l ? m : n) + (first !== second ? thirdNumber : fourthNumber);",
];

describe("a statement that is too long for its line", () => {
  it.each(statements)("%s", async (statement) => {
    for (const width of [80, 78, 74, 60, 50, 40]) {
      const own = layOutStatement(statement, width);
      if (own === undefined) continue;
      expect(`${own}\n`).toBe(await format(statement, { parser: "babel-ts", printWidth: width }));
    }
  });

  it("is nearly always one of the shapes that are known", () => {
    expect(statements.filter((statement) => layOutStatement(statement, 60) === undefined)).toEqual([statements[5]]);
  });

  it("is left to prettier where its shape is not known", () => {
    for (const text of ["x = 2 ** -y;", "const f = () => 1;", "a + b;", "f(a", "f(a,);", "f(g => 1);", "x = a.b(c).d;"])
      expect(layOutStatement(text, 10), text).toBeUndefined();
  });
});
