import { expect, test } from "vitest";
import { defaultsOf, gradientOf } from "../../compiler/analysis/facts/curve.js";
import { Encloser } from "../../compiler/analysis/intervals/enclosure.js";
import { exactly, order, point } from "../../compiler/analysis/intervals/interval.js";
import { QuickEncloser } from "../../compiler/analysis/intervals/quick.js";
import { expandedAsWritten } from "../../compiler/calculus/as-written.js";
import { normalise } from "../../compiler/algebra/normalise.js";
import { activationOf, readDefinitions } from "../../compiler/compile.js";
import { inFreshGraph } from "../../compiler/ir/expr.js";
import { standardText } from "../activations/standard.js";
import { words } from "../activations/points.js";

const { definitions } = readDefinitions([{ file: "acts.def", text: standardText }]);

/** Zeros, whole numbers, and numbers of all sizes. */
function inputs(): number[] {
  const word = words(5);
  const random = Array.from({ length: 40 }, () => (word() / 2 ** 31 - 1) * 2 ** ((word() % 60) - 40));
  return [0, 1, -1, 3, 20, -20, 88.7, -710, 2 ** 64, -(2 ** 127), ...random];
}

test("what double-double arithmetic encloses, interval arithmetic of more digits does not contradict", () => {
  let known = 0;
  let asked = 0;
  for (const definition of definitions) {
    inFreshGraph(() => {
      const { activation } = activationOf(definition);
      const [input, ...others] = activation?.inputs ?? [];
      if (!activation || !input || others.length > 0 || activation.axis) return;
      const fixed = defaultsOf(activation);
      for (const root of [normalise(expandedAsWritten(activation.body)), gradientOf(activation, input)]) {
        const quick = new QuickEncloser(root, input, fixed);
        const slow = new Encloser([root], fixed);
        for (const x of inputs()) {
          asked += 1;
          const found = quick.at(x);
          if (!found) continue;
          known += 1;
          const [exact] = slow.at(new Map([[input, point(exactly(x))]]), 256);
          expect(exact, `${activation.name} at ${x}`).toBeTruthy();
          if (!exact?.total) continue;
          expect(order(found.low, exact.high), `${activation.name} at ${x}`).toBeLessThanOrEqual(0);
          expect(order(found.high, exact.low), `${activation.name} at ${x}`).toBeGreaterThanOrEqual(0);
        }
      }
    });
  }
  expect(known / asked).toBeGreaterThan(0.8);
});
