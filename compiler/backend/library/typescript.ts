// Temporary stand-in by the lead: to be overwritten.
export const typescriptLibraryText = (names: readonly string[]): string => names.map((n) => `function ${n}(...args: any[]): any {}`).join("\n");
