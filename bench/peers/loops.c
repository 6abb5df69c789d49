/* The loops that most people write in C, with <math.h>. See process.ts for the lines that it takes. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static const float root2 = 1.41421356237309505f, scale = 0.79788456080286536f, density = 0.39894228040143268f;
static const float alpha = 1.6732632423543772f, lambda = 1.0507009873554805f;

typedef void Loop(size_t n, const float *restrict dy, const float *restrict x, float *restrict result);

#define LOOP(name, expression)                                                                            \
  static void name(size_t n, const float *restrict dy, const float *restrict x, float *restrict result) { \
    for (size_t i = 0; i < n; i++) {                                                                      \
      float v = x[i], d = dy[i];                                                                          \
      (void)d;                                                                                            \
      result[i] = (expression);                                                                           \
    }                                                                                                     \
  }

static inline float logistic(float v) { return 1 / (1 + expf(-v)); }
static inline float logistic_slope(float s) { return s * (1 - s); }
static inline float inner(float v) { return scale * (v + 0.044715f * v * v * v); }
static inline float gelu_tanh_slope(float v, float t) {
  return 0.5f * (1 + t) + 0.5f * v * (1 - t * t) * scale * (1 + 0.134145f * v * v);
}
static inline float mish_slope(float v, float t) { return t + v * logistic(v) * (1 - t * t); }

LOOP(relu, fmaxf(0, v))
LOOP(relu_slope, v > 0 ? d : 0)
LOOP(leaky_relu, v > 0 ? v : 0.01f * v)
LOOP(leaky_relu_slope, v > 0 ? d : 0.01f * d)
LOOP(sigmoid, logistic(v))
LOOP(sigmoid_slope, d * logistic_slope(logistic(v)))
LOOP(hyperbolic, tanhf(v))
LOOP(hyperbolic_slope, d * (1 - tanhf(v) * tanhf(v)))
LOOP(silu, v / (1 + expf(-v)))
LOOP(silu_slope, d * (logistic(v) + v * logistic_slope(logistic(v))))
LOOP(gelu, 0.5f * v * (1 + erff(v / root2)))
LOOP(gelu_slope, d * (0.5f * (1 + erff(v / root2)) + v * density * expf(-0.5f * v * v)))
LOOP(gelu_tanh, 0.5f * v * (1 + tanhf(inner(v))))
LOOP(gelu_tanh_slope_loop, d * gelu_tanh_slope(v, tanhf(inner(v))))
LOOP(softplus, logf(1 + expf(v)))
LOOP(softplus_slope, d * logistic(v))
LOOP(mish, v * tanhf(logf(1 + expf(v))))
LOOP(mish_slope_loop, d * mish_slope(v, tanhf(logf(1 + expf(v)))))
LOOP(elu, v > 0 ? v : expf(v) - 1)
LOOP(elu_slope, v > 0 ? d : d * expf(v))
LOOP(selu, lambda * (v > 0 ? v : alpha * (expf(v) - 1)))
LOOP(selu_slope, d * lambda * (v > 0 ? 1 : alpha * expf(v)))
LOOP(hard_swish, v * fminf(fmaxf(v + 3, 0), 6) / 6)
LOOP(hard_swish_slope, d * (v <= -3 ? 0 : v >= 3 ? 1 : v / 3 + 0.5f))

static const struct {
  const char *name;
  Loop *value, *derivative;
} activations[] = {
    {"relu", relu, relu_slope},
    {"leaky_relu", leaky_relu, leaky_relu_slope},
    {"sigmoid", sigmoid, sigmoid_slope},
    {"tanh", hyperbolic, hyperbolic_slope},
    {"silu", silu, silu_slope},
    {"gelu", gelu, gelu_slope},
    {"gelu_tanh", gelu_tanh, gelu_tanh_slope_loop},
    {"softplus", softplus, softplus_slope},
    {"mish", mish, mish_slope_loop},
    {"elu", elu, elu_slope},
    {"selu", selu, selu_slope},
    {"hard_swish", hard_swish, hard_swish_slope},
};

static float *allocate(size_t n) { return aligned_alloc(64, (n * sizeof(float) + 63) / 64 * 64); }

static double milliseconds(clockid_t clock) {
  struct timespec time;
  clock_gettime(clock, &time);
  return 1e3 * time.tv_sec + 1e-6 * time.tv_nsec;
}

int main(void) {
  char line[4096], name[64], kind[64], file[3000];
  Loop *volatile loop = NULL;
  float *x = NULL, *dy = NULL, *result = NULL;
  size_t n = 0;
  int repetitions;
  setvbuf(stdout, NULL, _IOLBF, 0);
  printf("gcc " __VERSION__ " -O3 -march=native, expf, tanhf, erff and logf of the C library\n");
  while (fgets(line, sizeof line, stdin)) {
    if (sscanf(line, "prepare %63s %63s %2999s", name, kind, file) == 3) {
      loop = NULL;
      for (size_t i = 0; i < sizeof activations / sizeof *activations; i++)
        if (!strcmp(activations[i].name, name))
          loop = strcmp(kind, "value") ? activations[i].derivative : activations[i].value;
      FILE *inputs = fopen(file, "rb");
      if (!loop || !inputs) {
        puts(loop ? "no such file" : "no such loop");
        continue;
      }
      fseek(inputs, 0, SEEK_END);
      n = ftell(inputs) / sizeof(float);
      rewind(inputs);
      free(x), free(dy), free(result);
      x = allocate(n), dy = allocate(n), result = allocate(n);
      if (fread(x, sizeof(float), n, inputs) != n) return 1;
      fclose(inputs);
      for (size_t i = 0; i < n; i++) dy[i] = 1;
      memset(result, 0, n * sizeof(float));
      puts("ready");
    } else if (sscanf(line, "time %d", &repetitions) == 1 && loop) {
      double wall = milliseconds(CLOCK_MONOTONIC), processor = milliseconds(CLOCK_PROCESS_CPUTIME_ID);
      for (int i = 0; i < repetitions; i++) loop(n, dy, x, result);
      wall = milliseconds(CLOCK_MONOTONIC) - wall;
      processor = milliseconds(CLOCK_PROCESS_CPUTIME_ID) - processor;
      printf("%.6f\n", fmin(wall, processor));
    } else if (sscanf(line, "results %2999s", file) == 1) {
      FILE *results = fopen(file, "wb");
      if (!results || fwrite(result, sizeof(float), n, results) != n) return 1;
      fclose(results);
      puts("written");
    } else {
      puts("not understood");
    }
  }
}
