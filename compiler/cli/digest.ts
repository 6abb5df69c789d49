import { createHash } from "node:crypto";

export const sha256 = (data: string | Uint8Array): string => createHash("sha256").update(data).digest("hex");

/** Of what the pieces are together. */
export function sha256Of(pieces: Iterable<string>): string {
  const hash = createHash("sha256");
  for (const piece of pieces) hash.update(piece);
  return hash.digest("hex");
}

/** Whether `recorded`, as a manifest writes it (`sha256-` and the digest in hexadecimal or base64), is that of `data`. */
export function matchesDigest(recorded: string, data: Uint8Array): boolean {
  const digest = createHash("sha256").update(data).digest();
  return (["hex", "base64", "base64url"] as const).some(
    (encoding) => recorded === `sha256-${digest.toString(encoding)}`,
  );
}
