/** Numbers as they are told: six significant digits, infinities by name. */
import { numberText } from "../../printing/definition-text.js";
import type { Span } from "./places.js";

/** JSON knows no infinity. */
export type Figure = number | "inf" | "-inf";

const digits = 6;

export function figure(value: number): Figure {
  if (value === Infinity) return "inf";
  if (value === -Infinity) return "-inf";
  return Number(value.toPrecision(digits)) + 0;
}

/** With an exponent where that is shorter to read: 1.84467e19, 9.9659e-5. */
export function figureText(value: Figure): string {
  if (typeof value !== "number") return value;
  const size = Math.abs(value);
  if (value === 0 || (size >= 1e-4 && size < 1e6)) return numberText(value, digits);
  return value
    .toExponential(digits - 1)
    .replace(/\.?0+e/, "e")
    .replace("e+", "e");
}

/** From one place to another; an end that is included belongs to it. */
export interface SpanFact {
  readonly from: Figure;
  readonly to: Figure;
  readonly fromIncluded: boolean;
  readonly toIncluded: boolean;
}

export const spanFact = ({ from, to, fromIncluded, toIncluded }: Span): SpanFact => ({
  from: figure(from),
  to: figure(to),
  fromIncluded,
  toIncluded,
});
