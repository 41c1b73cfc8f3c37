/** Distinct values in the order they first appear, and for each value the place of its like. */
export type Dictionary = { entries: unknown[]; indexes: Uint32Array }

const sampleSize = 512
/** A sample with more of its bytes in distinct values is not worth a closer look. */
const hopeless = 0.8

/**
 * The dictionary of a leaf's values, or undefined where it would not halve them, which `always` does not ask. A sample
 * decides first, since looking up every text of a corpus costs as much as writing it.
 */
export function buildDictionary(values: readonly unknown[], always: boolean): Dictionary | undefined {
  if (values.length === 0 || (!always && !repeats(values))) return undefined
  const places = new Map<unknown, number>()
  const entries: unknown[] = []
  const indexes = new Uint32Array(values.length)
  let [distinctBytes, bytes] = [0, 0]
  for (let i = 0; i < values.length; i++) {
    const value = values[i]
    const key = keyOf(value)
    let place = places.get(key)
    const size = plainSize(value)
    bytes += size
    if (place === undefined) {
      place = entries.length
      places.set(key, place)
      entries.push(value)
      distinctBytes += size
    }
    indexes[i] = place
  }
  const indexBytes = (values.length * (32 - Math.clz32(entries.length - 1))) / 8
  return always || 2 * (distinctBytes + indexBytes) <= bytes ? { entries, indexes } : undefined
}

function repeats(values: readonly unknown[]): boolean {
  const seen = new Set<unknown>()
  let [distinctBytes, bytes] = [0, 0]
  const sample = Math.min(sampleSize, values.length)
  for (let i = 0; i < sample; i++) {
    const value = values[Math.floor((i * values.length) / sample)]
    const key = keyOf(value)
    bytes += plainSize(value)
    if (seen.has(key)) continue
    seen.add(key)
    distinctBytes += plainSize(value)
  }
  return distinctBytes <= hopeless * bytes
}

/** What a Map tells apart as the values differ: bytes by their content, and minus zero, which it takes for zero. */
function keyOf(value: unknown): unknown {
  if (value instanceof Uint8Array) return Buffer.prototype.latin1Slice.call(value)
  return Object.is(value, -0) ? '-0' : value
}

function plainSize(value: unknown): number {
  if (typeof value === 'string') return 4 + value.length
  return value instanceof Uint8Array ? 4 + value.length : 8
}
