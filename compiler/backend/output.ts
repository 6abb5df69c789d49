export const targetNames = ["ts", "wgsl", "module"] as const;
export type TargetName = (typeof targetNames)[number];

export interface OutputFile {
  /** Relative to the output folder, without folders. */
  readonly path: string;
  readonly text: string;
}
