/** The loops that most people write, by the activation's name. */
export declare const loops: Readonly<
  Record<
    string,
    {
      readonly forward: (x: Float32Array, y: Float32Array) => void;
      readonly backward: (dy: Float32Array, x: Float32Array, dx: Float32Array) => void;
    }
  >
>;
