/** Writes ONNX models of one input and one output, float32 vectors of any length: as much of protobuf as that takes. */

export type Attributes = Readonly<Record<string, number | string>>;

/** Builds a graph; values are names. */
export interface Graph {
  readonly input: string;
  op(type: string, inputs: readonly string[], attributes?: Attributes): string;
  /** The nearest float32 number. */
  constant(value: number): string;
}

/** Fields of the messages in onnx.proto, by message. */
const fields = {
  model: { irVersion: 1, opsets: 8, graph: 7 },
  opset: { domain: 1, version: 2 },
  graph: { node: 1, name: 2, initializer: 5, input: 11, output: 12 },
  node: { input: 1, output: 2, type: 4, attribute: 5 },
  attribute: { name: 1, float: 2, string: 4, type: 20 },
  tensor: { type: 2, name: 8, raw: 9 },
  value: { name: 1, type: 2 },
  type: { tensor: 1 },
  tensorType: { element: 1, shape: 2 },
  shape: { dimension: 1 },
  dimension: { parameter: 2 },
} as const;

const float = 1;
const string = 3;

/** The version of ONNX's operators (Gelu came with 20), and of its file format. */
const opset = 20;
const irVersion = 9;

export function model(build: (graph: Graph) => string): Uint8Array {
  const nodes: number[] = [];
  const initializers: number[] = [];
  let count = 0;
  const fresh = (): string => `v${(count += 1)}`;
  const input = "x";
  const output = build({
    input,
    op(type, inputs, attributes = {}) {
      const name = fresh();
      nodes.push(...nested(fields.graph.node, nodeOf(type, inputs, name, attributes)));
      return name;
    },
    constant(value) {
      const name = fresh();
      initializers.push(...nested(fields.graph.initializer, scalar(name, value)));
      return name;
    },
  });
  const graph = [
    ...nodes,
    ...text(fields.graph.name, "activation"),
    ...initializers,
    ...nested(fields.graph.input, vector(input)),
    ...nested(fields.graph.output, vector(output)),
  ];
  return Uint8Array.from([
    ...integer(fields.model.irVersion, irVersion),
    ...nested(fields.model.graph, graph),
    ...nested(fields.model.opsets, integer(fields.opset.version, opset)),
  ]);
}

const nodeOf = (type: string, inputs: readonly string[], output: string, attributes: Attributes): number[] => [
  ...inputs.flatMap((name) => text(fields.node.input, name)),
  ...text(fields.node.output, output),
  ...text(fields.node.type, type),
  ...Object.entries(attributes).flatMap(([name, value]) =>
    nested(fields.node.attribute, [
      ...text(fields.attribute.name, name),
      ...(typeof value === "number" ? fixed(fields.attribute.float, value) : text(fields.attribute.string, value)),
      ...integer(fields.attribute.type, typeof value === "number" ? float : string),
    ]),
  ),
];

const scalar = (name: string, value: number): number[] => [
  ...integer(fields.tensor.type, float),
  ...text(fields.tensor.name, name),
  ...bytes(fields.tensor.raw, [...new Uint8Array(Float32Array.of(value).buffer)]),
];

const vector = (name: string): number[] => [
  ...text(fields.value.name, name),
  ...nested(
    fields.value.type,
    nested(fields.type.tensor, [
      ...integer(fields.tensorType.element, float),
      ...nested(fields.tensorType.shape, nested(fields.shape.dimension, text(fields.dimension.parameter, "size"))),
    ]),
  ),
];

function varint(value: number): number[] {
  const digits: number[] = [];
  for (; value > 127; value = Math.floor(value / 128)) digits.push((value % 128) + 128);
  return [...digits, value];
}

const integer = (field: number, value: number): number[] => [...varint(8 * field), ...varint(value)];
const bytes = (field: number, content: readonly number[]): number[] => [
  ...varint(8 * field + 2),
  ...varint(content.length),
  ...content,
];
const nested = bytes;
const text = (field: number, value: string): number[] => bytes(field, [...new TextEncoder().encode(value)]);
const fixed = (field: number, value: number): number[] => [
  ...varint(8 * field + 5),
  ...new Uint8Array(Float32Array.of(value).buffer),
];
