// Temporary stand-in by the lead: to be overwritten.
const camel = (n: string): string => n.replace(/_+([a-z0-9])/gi, (_, c: string) => c.toUpperCase());
export const exportedName = (n: string): string => camel(n);
export const parameterName = (n: string): string => camel(n);
export const fileStem = (n: string): string => n;
export const wgslName = (n: string): string => n;
export const className = (a: { name: string; className: string | null }): string => a.className ?? camel("_" + a.name);
export const typescriptReserved: readonly string[] = ["class", "default"];
export const wgslReserved: readonly string[] = ["fn", "let"];
