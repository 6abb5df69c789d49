// Kernels over rows that walk once for each level of reductions, and once more for the results: what `rows-speed.mjs` measures those of
// generated/ against. Each is put behind the module whose exponential it calls.
export const levelWalks = {
  softmaxForward: `
export function levels(
  x,
  y,
  axisOuter,
  axisLength,
  axisInner,
) {
  for (let o = 0; o < axisOuter; o++) {
    for (let n = 0; n < axisInner; n++) {
      const start = o * axisLength * axisInner + n;
      let largest = -Infinity;
      for (let k = 0, i = start; k < axisLength; k++, i += axisInner) {
        const xi = x[i];
        largest = Math.max(largest, xi);
      }
      let sum = 0;
      for (let k = 0, i = start; k < axisLength; k++, i += axisInner) {
        const xi = x[i];
        const e = boundedExp(
          Math.max(Math.min(xi === largest ? 0 : xi - largest, 709.79), -746),
        );
        sum += e;
      }
      for (let k = 0, i = start; k < axisLength; k++, i += axisInner) {
        const xi = x[i];
        const e = boundedExp(
          Math.max(Math.min(xi === largest ? 0 : xi - largest, 709.79), -746),
        );
        y[i] = e / sum;
      }
    }
  }
}
`,
  softmaxBackward: `
export function levels(
  dy,
  x,
  dx,
  axisOuter,
  axisLength,
  axisInner,
) {
  for (let o = 0; o < axisOuter; o++) {
    for (let n = 0; n < axisInner; n++) {
      const start = o * axisLength * axisInner + n;
      let largest = -Infinity;
      let largestAt = 0;
      for (let k = 0, i = start; k < axisLength; k++, i += axisInner) {
        const xi = x[i];
        if (xi > largest) largestAt = k;
        largest = Math.max(largest, xi);
      }
      let sum = 0;
      let sum2 = 0;
      for (let k = 0, i = start; k < axisLength; k++, i += axisInner) {
        const dyi = dy[i];
        const xi = x[i];
        const e = boundedExp(
          Math.max(Math.min(xi === largest ? 0 : xi - largest, 709.79), -746),
        );
        sum += k === largestAt ? dyi : 0;
        sum2 += e;
      }
      let sum3 = 0;
      for (let k = 0, i = start; k < axisLength; k++, i += axisInner) {
        const dyi = dy[i];
        const xi = x[i];
        const e = boundedExp(
          Math.max(Math.min(xi === largest ? 0 : xi - largest, 709.79), -746),
        );
        const u = dyi - sum;
        sum3 += e * u;
      }
      const q = sum3 / sum2;
      for (let k = 0, i = start; k < axisLength; k++, i += axisInner) {
        const dyi = dy[i];
        const xi = x[i];
        const e = boundedExp(
          Math.max(Math.min(xi === largest ? 0 : xi - largest, 709.79), -746),
        );
        const u = dyi - sum;
        dx[i] = (e * (u - q)) / sum2;
      }
    }
  }
}
`,
  softmaxDoubleBackward: `
export function levels(
  dy,
  x,
  ddx,
  ddy,
  dx,
  axisOuter,
  axisLength,
  axisInner,
) {
  for (let o = 0; o < axisOuter; o++) {
    for (let n = 0; n < axisInner; n++) {
      const start = o * axisLength * axisInner + n;
      let largest = -Infinity;
      let largestAt = 0;
      for (let k = 0, i = start; k < axisLength; k++, i += axisInner) {
        const xi = x[i];
        if (xi > largest) largestAt = k;
        largest = Math.max(largest, xi);
      }
      let sum = 0;
      let sum2 = 0;
      let sum3 = 0;
      let sum4 = 0;
      let sum5 = 0;
      for (let k = 0, i = start; k < axisLength; k++, i += axisInner) {
        const dyi = dy[i];
        const xi = x[i];
        const ddxI = ddx[i];
        const e = boundedExp(
          Math.max(Math.min(xi === largest ? 0 : xi - largest, 709.79), -746),
        );
        const p = ddxI * e;
        sum += k === largestAt ? dyi : 0;
        sum2 += e;
        sum3 += k === largestAt ? ddxI : 0;
        sum4 += dyi * e;
        sum5 += p;
      }
      const p = 2 * sum4;
      const squared = sum2 * sum2;
      const p2 = squared * sum2;
      const q = p / p2;
      let sum6 = 0;
      let sum7 = 0;
      let sum8 = 0;
      for (let k = 0, i = start; k < axisLength; k++, i += axisInner) {
        const dyi = dy[i];
        const xi = x[i];
        const ddxI = ddx[i];
        const e = boundedExp(
          Math.max(Math.min(xi === largest ? 0 : xi - largest, 709.79), -746),
        );
        const p3 = ddxI * e;
        const u = dyi - sum;
        const u2 = ddxI - sum3;
        sum6 += e * u;
        sum7 += e * u2;
        sum8 += p3 * (q - dyi / squared);
      }
      const q2 = sum7 / sum2;
      const q3 = sum6 / sum2;
      for (let k = 0, i = start; k < axisLength; k++, i += axisInner) {
        const dyi = dy[i];
        const xi = x[i];
        const ddxI = ddx[i];
        const e = boundedExp(
          Math.max(Math.min(xi === largest ? 0 : xi - largest, 709.79), -746),
        );
        const u = dyi - sum;
        const u2 = ddxI - sum3;
        ddy[i] = (e * (u2 - q2)) / sum2;
        dx[i] = e * (sum8 - (dyi * sum5) / squared + (ddxI * (u - q3)) / sum2);
      }
    }
  }
}
`,
  logSoftmaxForward: `
export function levels(
  x,
  y,
  axisOuter,
  axisLength,
  axisInner,
) {
  for (let o = 0; o < axisOuter; o++) {
    for (let n = 0; n < axisInner; n++) {
      const start = o * axisLength * axisInner + n;
      let largest = -Infinity;
      let largestAt = 0;
      for (let k = 0, i = start; k < axisLength; k++, i += axisInner) {
        const xi = x[i];
        if (xi > largest) largestAt = k;
        largest = Math.max(largest, xi);
      }
      let sum = 0;
      for (let k = 0, i = start; k < axisLength; k++, i += axisInner) {
        const xi = x[i];
        const v = xi === largest ? 0 : xi - largest;
        sum +=
          k === largestAt ? 0 : boundedExp(Math.max(Math.min(v, 709.79), -746));
      }
      const l = log1p(sum);
      for (let k = 0, i = start; k < axisLength; k++, i += axisInner) {
        const xi = x[i];
        const v = xi === largest ? 0 : xi - largest;
        y[i] = v - l;
      }
    }
  }
}
`,
  logSoftmaxBackward: `
export function levels(
  dy,
  x,
  dx,
  axisOuter,
  axisLength,
  axisInner,
) {
  for (let o = 0; o < axisOuter; o++) {
    for (let n = 0; n < axisInner; n++) {
      const start = o * axisLength * axisInner + n;
      let largest = -Infinity;
      let sum = 0;
      for (let k = 0, i = start; k < axisLength; k++, i += axisInner) {
        const dyi = dy[i];
        const xi = x[i];
        largest = Math.max(largest, xi);
        sum += dyi;
      }
      let sum2 = 0;
      for (let k = 0, i = start; k < axisLength; k++, i += axisInner) {
        const xi = x[i];
        const e = boundedExp(
          Math.max(Math.min(xi === largest ? 0 : xi - largest, 709.79), -746),
        );
        sum2 += e;
      }
      for (let k = 0, i = start; k < axisLength; k++, i += axisInner) {
        const dyi = dy[i];
        const xi = x[i];
        const e = boundedExp(
          Math.max(Math.min(xi === largest ? 0 : xi - largest, 709.79), -746),
        );
        dx[i] = dyi - (e * sum) / sum2;
      }
    }
  }
}
`,
  logsumexpForward: `
export function levels(
  x,
  y,
  axisOuter,
  axisLength,
  axisInner,
) {
  for (let o = 0; o < axisOuter; o++) {
    for (let n = 0; n < axisInner; n++) {
      const start = o * axisLength * axisInner + n;
      const row = o * axisInner + n;
      let largest = -Infinity;
      let largestAt = 0;
      for (let k = 0, i = start; k < axisLength; k++, i += axisInner) {
        const xi = x[i];
        if (xi > largest) largestAt = k;
        largest = Math.max(largest, xi);
      }
      let sum = 0;
      for (let k = 0, i = start; k < axisLength; k++, i += axisInner) {
        const xi = x[i];
        sum +=
          k === largestAt
            ? 0
            : boundedExp(
                Math.max(
                  Math.min(xi === largest ? 0 : xi - largest, 709.79),
                  -746,
                ),
              );
      }
      const l = log1p(sum);
      const u = largest + l;
      y[row] = u;
    }
  }
}
`,
  logsumexpBackward: `
export function levels(
  dy,
  x,
  dx,
  axisOuter,
  axisLength,
  axisInner,
) {
  for (let o = 0; o < axisOuter; o++) {
    for (let n = 0; n < axisInner; n++) {
      const start = o * axisLength * axisInner + n;
      const row = o * axisInner + n;
      const dyRow = dy[row];
      let largest = -Infinity;
      for (let k = 0, i = start; k < axisLength; k++, i += axisInner) {
        const xi = x[i];
        largest = Math.max(largest, xi);
      }
      let sum = 0;
      for (let k = 0, i = start; k < axisLength; k++, i += axisInner) {
        const xi = x[i];
        const e = boundedExp(
          Math.max(Math.min(xi === largest ? 0 : xi - largest, 709.79), -746),
        );
        sum += e;
      }
      for (let k = 0, i = start; k < axisLength; k++, i += axisInner) {
        const xi = x[i];
        const e = boundedExp(
          Math.max(Math.min(xi === largest ? 0 : xi - largest, 709.79), -746),
        );
        dx[i] = (dyRow * e) / sum;
      }
    }
  }
}
`,
};
