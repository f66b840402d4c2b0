/** Expected failures are values with a code that says what the caller may do; bugs throw. */
export type Result<T, E> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly error: E };

export const ok = <T>(value: T): Result<T, never> => ({ ok: true, value });
export const err = <E>(error: E): Result<never, E> => ({ ok: false, error });

/** Makes a forgotten variant a compile error where a switch must handle them all. */
export function absurd(impossible: never): never {
  throw new Error(`not a known variant: ${JSON.stringify(impossible)}`);
}
