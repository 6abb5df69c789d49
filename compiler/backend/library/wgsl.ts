// Temporary stand-in by the lead: to be overwritten.
export const wgslLibrary = (names: readonly string[], rename: (n: string) => string): string => names.map((n) => `fn ${rename(n)}(x: f32) -> f32 { return x; }`).join("\n");
