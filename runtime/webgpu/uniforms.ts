/** The bytes of a uniform buffer: fields of 4 bytes, one after the other. */

export type Field = { readonly u32: number } | { readonly f32: number };

export function uniformBytes(fields: readonly Field[]): Uint8Array {
  const bytes = new Uint8Array(Math.max(4, fields.length) * 4);
  const view = new DataView(bytes.buffer);
  fields.forEach((field, i) => {
    if ("u32" in field) view.setUint32(4 * i, field.u32, true);
    else view.setFloat32(4 * i, field.f32, true);
  });
  return bytes;
}

export const u32 = (value: number): Field => ({ u32: value });
export const f32 = (value: number): Field => ({ f32: value });
