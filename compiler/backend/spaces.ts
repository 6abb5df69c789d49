import { Space, type Variable } from "../ir/expr.js";

/** Whether a learned parameter holds one number per channel. */
export const isPerChannel = (variable: Variable): boolean => (variable.space & Space.channel) !== 0;
