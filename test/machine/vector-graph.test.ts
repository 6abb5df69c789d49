/** Selections over vectors: the shorter spellings of some give the same bits, wherever they are taken. */
import { describe, expect, test } from "vitest";
import { nodesOf, VectorGraph, type VectorNode } from "../../compiler/machine/vector/index.js";
import { emulateVectors } from "../../compiler/machine/vector/emulate.js";
import { finitePoints, randomPoints } from "../activations/points.js";

const inputs = Float32Array.from([...finitePoints, ...randomPoints(500, 7), Infinity, -Infinity, NaN]);
const shared = new Set(["s", "t"]);

const operations = (root: VectorNode): string[] =>
  nodesOf([root]).flatMap((node) => (node.kind === "operation" ? [node.operation] : []));

/** Results for each input, as bits; any NaN is one. */
function bitsOf(root: VectorNode, slope: number): (number | "NaN")[] {
  const all = (value: number): Float32Array => new Float32Array(inputs.length).fill(value);
  const values = emulateVectors(
    root,
    new Map([
      ["x", inputs],
      ["s", all(slope)],
      ["t", all(-7)],
    ]),
  );
  const bits = new Uint32Array(values.buffer, values.byteOffset, values.length);
  return [...values].map((value, i) => (Number.isNaN(value) ? "NaN" : bits[i]!));
}

describe.each(["gt", "ge", "lt", "le"])("a slope on one side, by %s", (comparison) => {
  const build = (areSlight: boolean): VectorGraph & { root?: VectorNode } => {
    const graph: VectorGraph & { root?: VectorNode } = new VectorGraph("f32x4", { shared, areSlight, selects: true });
    const [x, s] = [graph.local("x"), graph.local("s")];
    const condition = graph.float(comparison, x, graph.number(0));
    const scaled = graph.float("mul", s, x);
    graph.root = comparison.startsWith("g") ? graph.select(scaled, x, condition) : graph.select(x, scaled, condition);
    return graph;
  };
  test("is the larger of two numbers", () => {
    const [slight, any] = [build(true), build(false)];
    expect([...slight.slight]).toEqual(["s"]);
    expect(operations(slight.root!)).toEqual(["f32x4.mul", "f32x4.pmax"]);
    expect(operations(any.root!)).toContain("select");
    expect([...any.slight]).toEqual([]);
  });
  test.each([1, 1 - 2 ** -24, 0.01, 2 ** -126, -0.5, -1, -3e20])("for a slope of %d", (slope) => {
    // The border itself is a zero on both sides, of either sign.
    const withoutZeros = (list: (number | "NaN")[]) => list.filter((_, i) => inputs[i] !== 0);
    expect(withoutZeros(bitsOf(build(true).root!, slope))).toEqual(withoutZeros(bitsOf(build(false).root!, slope)));
  });
});

test.each([
  ["x is compared with another number", (graph: VectorGraph, x: VectorNode) => graph.float("gt", x, graph.number(1))],
  [
    "something else is compared",
    (graph: VectorGraph, x: VectorNode) => graph.float("gt", graph.float("abs", x), graph.number(0)),
  ],
])("no slope where %s", (_, condition) => {
  const graph = new VectorGraph("f32x4", { shared, areSlight: true, selects: true });
  const [x, s] = [graph.local("x"), graph.local("s")];
  expect(operations(graph.select(graph.float("mul", x, s), x, condition(graph, x)))).toContain("select");
  expect([...graph.slight]).toEqual([]);
});

test("of two numbers that are known once, one is taken by what they differ in", () => {
  const build = (selects: boolean): VectorNode[] => {
    const graph = new VectorGraph("f32x4", { shared, areSlight: false, selects });
    const [x, s, t] = [graph.local("x"), graph.local("s"), graph.local("t")];
    const condition = graph.float("gt", x, graph.number(0.5));
    return [graph.select(s, graph.number(1), condition), graph.select(s, t, condition), graph.select(s, x, condition)];
  };
  const [short, plain] = [build(false), build(true)];
  short.forEach((root, i) => expect(bitsOf(root, 0.25)).toEqual(bitsOf(plain[i]!, 0.25)));
  expect(short.map((root) => operations(root).includes("select"))).toEqual([false, false, true]);
});
