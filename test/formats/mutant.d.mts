/** A copy with up to five changes: bits, bytes, runs of ones, stretches moved. `uniform` is that of src/text/hash.ts. */
export function mutate(
  bytes: Uint8Array,
  uniform: (seed: number, id: string, use: string) => number,
  seed: number,
  id: string,
): Uint8Array
