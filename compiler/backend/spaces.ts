import { Space, type Variable } from "../ir/expr.js";
import type { KernelPlan } from "./kernels.js";

/** Whether a learned parameter holds one number per channel. */
export const isPerChannel = (variable: Variable): boolean => (variable.space & Space.channel) !== 0;

/** How many numbers a learned parameter holds, as a product of extents. */
export const learnedLength = ({ space }: Variable): "1" | "channels" | "axisLength" =>
  space & Space.channel ? "channels" : space & Space.axis ? "axisLength" : "1";

/** How many results there are. */
export const resultLength = ({ yieldsRows }: KernelPlan): "size" | "axisOuter * axisInner" =>
  yieldsRows ? "axisOuter * axisInner" : "size";
