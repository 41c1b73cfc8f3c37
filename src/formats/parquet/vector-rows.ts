import type { Leaf } from './leaves.js'
import type { LeafRows } from './records.js'

/**
 * How many of the values from `at` on are whole rows of exactly `length`, one behind another, `most` rows at most; the last of
 * all counts only where `endsRow` says that no more values of its row come.
 */
export function countVectors(
  repetition: Uint8Array,
  at: number,
  length: number,
  most: number,
  endsRow: boolean,
): number {
  let count = 0
  for (let start = at; length > 0 && count < most && start + length <= repetition.length; start += length) {
    if (start + length === repetition.length ? !endsRow : repetition[start + length] !== 0) break
    if (!isRow(repetition, start, length)) break
    count++
  }
  return count
}

function isRow(repetition: Uint8Array, start: number, length: number): boolean {
  if (repetition[start] !== 0) return false
  for (let i = start + 1; i < start + length; i++) if (repetition[i] === 0) return false
  return true
}

/** Appends lists of floats as Float32Arrays; a list that is absent is null, an absent float NaN. */
export function toVectors(
  { definition, repetition, values }: LeafRows,
  { maxDefinition, schemaPath }: Pick<Leaf, 'maxDefinition' | 'schemaPath'>,
  out: unknown[],
): void {
  const listed = schemaPath[1]!.element.repetition_type === 'OPTIONAL' ? 1 : 0
  let value = 0
  for (let at = 0; at < definition.length; ) {
    const start = at
    const floats: number[] = []
    do {
      if (definition[at] === maxDefinition) floats.push(values[value++] as number)
      else if (definition[at]! > listed) floats.push(Number.NaN)
      at++
    } while (at < definition.length && repetition[at] !== 0)
    out.push(definition[start]! < listed ? null : Float32Array.from(floats))
  }
}
