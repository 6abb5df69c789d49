// The loops that most people write, with Math.*.

/** Abramowitz and Stegun, 7.1.26: the error function of many libraries. */
function erf(x) {
  const sign = x < 0 ? -1 : 1;
  const a = Math.abs(x);
  const t = 1 / (1 + 0.3275911 * a);
  const p = ((((1.061405429 * t - 1.453152027) * t + 1.421413741) * t - 0.284496736) * t + 0.254829592) * t;
  return sign * (1 - p * Math.exp(-a * a));
}
const scale = Math.sqrt(2 / Math.PI);
const [alpha, lambda] = [1.6732632423543772, 1.0507009873554805];

/** By name and direction, each a function of its own, as they stand in a program. */
export const loops = {
  relu: {
    forward(x, y) {
      for (let i = 0; i < x.length; i++) y[i] = Math.max(0, x[i]);
    },
    backward(dy, x, dx) {
      for (let i = 0; i < x.length; i++) dx[i] = x[i] > 0 ? dy[i] : 0;
    },
  },
  leaky_relu: {
    forward(x, y) {
      for (let i = 0; i < x.length; i++) y[i] = x[i] > 0 ? x[i] : 0.01 * x[i];
    },
    backward(dy, x, dx) {
      for (let i = 0; i < x.length; i++) dx[i] = x[i] > 0 ? dy[i] : 0.01 * dy[i];
    },
  },
  sigmoid: {
    forward(x, y) {
      for (let i = 0; i < x.length; i++) y[i] = 1 / (1 + Math.exp(-x[i]));
    },
    backward(dy, x, dx) {
      for (let i = 0; i < x.length; i++) {
        const s = 1 / (1 + Math.exp(-x[i]));
        dx[i] = dy[i] * s * (1 - s);
      }
    },
  },
  tanh: {
    forward(x, y) {
      for (let i = 0; i < x.length; i++) y[i] = Math.tanh(x[i]);
    },
    backward(dy, x, dx) {
      for (let i = 0; i < x.length; i++) {
        const t = Math.tanh(x[i]);
        dx[i] = dy[i] * (1 - t * t);
      }
    },
  },
  silu: {
    forward(x, y) {
      for (let i = 0; i < x.length; i++) y[i] = x[i] / (1 + Math.exp(-x[i]));
    },
    backward(dy, x, dx) {
      for (let i = 0; i < x.length; i++) {
        const s = 1 / (1 + Math.exp(-x[i]));
        dx[i] = dy[i] * (s + x[i] * s * (1 - s));
      }
    },
  },
  gelu: {
    forward(x, y) {
      for (let i = 0; i < x.length; i++) y[i] = 0.5 * x[i] * (1 + erf(x[i] / Math.SQRT2));
    },
    backward(dy, x, dx) {
      for (let i = 0; i < x.length; i++) {
        const v = x[i];
        dx[i] = dy[i] * (0.5 * (1 + erf(v / Math.SQRT2)) + (v * Math.exp(-0.5 * v * v)) / Math.sqrt(2 * Math.PI));
      }
    },
  },
  gelu_tanh: {
    forward(x, y) {
      for (let i = 0; i < x.length; i++) {
        const v = x[i];
        y[i] = 0.5 * v * (1 + Math.tanh(scale * (v + 0.044715 * v * v * v)));
      }
    },
    backward(dy, x, dx) {
      for (let i = 0; i < x.length; i++) {
        const v = x[i];
        const t = Math.tanh(scale * (v + 0.044715 * v * v * v));
        dx[i] = dy[i] * (0.5 * (1 + t) + 0.5 * v * (1 - t * t) * scale * (1 + 0.134145 * v * v));
      }
    },
  },
  softplus: {
    forward(x, y) {
      for (let i = 0; i < x.length; i++) y[i] = Math.log(1 + Math.exp(x[i]));
    },
    backward(dy, x, dx) {
      for (let i = 0; i < x.length; i++) dx[i] = dy[i] / (1 + Math.exp(-x[i]));
    },
  },
  mish: {
    forward(x, y) {
      for (let i = 0; i < x.length; i++) y[i] = x[i] * Math.tanh(Math.log(1 + Math.exp(x[i])));
    },
    backward(dy, x, dx) {
      for (let i = 0; i < x.length; i++) {
        const t = Math.tanh(Math.log(1 + Math.exp(x[i])));
        const s = 1 / (1 + Math.exp(-x[i]));
        dx[i] = dy[i] * (t + x[i] * s * (1 - t * t));
      }
    },
  },
  elu: {
    forward(x, y) {
      for (let i = 0; i < x.length; i++) y[i] = x[i] > 0 ? x[i] : Math.exp(x[i]) - 1;
    },
    backward(dy, x, dx) {
      for (let i = 0; i < x.length; i++) dx[i] = x[i] > 0 ? dy[i] : dy[i] * Math.exp(x[i]);
    },
  },
  selu: {
    forward(x, y) {
      for (let i = 0; i < x.length; i++) y[i] = lambda * (x[i] > 0 ? x[i] : alpha * (Math.exp(x[i]) - 1));
    },
    backward(dy, x, dx) {
      for (let i = 0; i < x.length; i++) dx[i] = dy[i] * lambda * (x[i] > 0 ? 1 : alpha * Math.exp(x[i]));
    },
  },
  hard_swish: {
    forward(x, y) {
      for (let i = 0; i < x.length; i++) y[i] = (x[i] * Math.min(Math.max(x[i] + 3, 0), 6)) / 6;
    },
    backward(dy, x, dx) {
      for (let i = 0; i < x.length; i++) {
        const v = x[i];
        dx[i] = dy[i] * (v <= -3 ? 0 : v >= 3 ? 1 : v / 3 + 0.5);
      }
    },
  },
};
