/** Deterministic release of tensors, without waiting for the garbage collector. */

interface Disposable {
  dispose(): void;
}

let current: Set<Disposable> | null = null;

/** Makes the innermost {@link tidy} dispose of the tensor at its end. */
export function adopt(tensor: Disposable): void {
  current?.add(tensor);
}

/** Lets a tensor live on after the innermost {@link tidy}. */
export function keep<T extends Disposable>(tensor: T): T {
  current?.delete(tensor);
  return tensor;
}

/**
 * Runs `action`, then frees every tensor it made but what it returns (a tensor, or an array or object of tensors),
 * parameters, their gradients, and what {@link keep} was told. Wrap each step of a training loop in it to hold memory on a GPU constant;
 * without it, memory returns when the garbage collector finds the tensors.
 */
export function tidy<T>(action: () => T): T {
  const outer = current;
  const own = new Set<Disposable>();
  current = own;
  let result: T;
  try {
    result = action();
    if (result instanceof Promise)
      throw new TypeError("tidy() needs a function that is not async: read results after it");
    for (const tensor of own) if (contains(result, tensor)) (own.delete(tensor), outer?.add(tensor));
  } finally {
    current = outer;
    for (const tensor of own) tensor.dispose();
  }
  return result;
}

function contains(result: unknown, tensor: Disposable): boolean {
  if (result === tensor) return true;
  if (typeof result !== "object" || result === null || ArrayBuffer.isView(result)) return false;
  if (Array.isArray(result)) return result.includes(tensor);
  return Object.getPrototypeOf(result) === Object.prototype && Object.values(result).includes(tensor);
}
