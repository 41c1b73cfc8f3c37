import { type Growable, growable, reserve, taken } from '../../stream/growable.js'
import { type Plain, valueStarts } from './plain.js'

/** When repeated values are kept once: where that halves a column, always or never. */
export type DictionaryChoice = 'auto' | 'on' | 'off'

/** The values of a leaf in one row group, laid out as they come. */
export type LeafValues = {
  readonly plain: Plain
  readonly choice: DictionaryChoice
  count: number
  /** PLAIN: all values, or the dictionary's entries in the order they first appear. */
  bytes: Growable
  /** There from the start where the row group before it took one, since looking up every text of a corpus costs much. */
  dictionary: Dictionary | undefined
}

type Dictionary = {
  readonly places: Map<unknown, number>
  /** Where each entry begins among the bytes, and where the next one will. */
  starts: number[]
  /** Each value's place among the entries. */
  indexes: Uint32Array
  /** Bytes of all values in PLAIN. */
  plainBytes: number
}

/** How a row group's values are written: in PLAIN, or as PLAIN entries and each value's place among them. */
export type Settled = { bytes: Buffer; dictionary?: { entries: number; indexes: Uint32Array } }

export function leafValues(plain: Plain, choice: DictionaryChoice): LeafValues {
  const dictionary = choice === 'on' ? emptyDictionary() : undefined
  return { plain, choice, count: 0, bytes: growable(256), dictionary }
}

const emptyDictionary = (): Dictionary => ({
  places: new Map(),
  starts: [0],
  indexes: new Uint32Array(1024),
  plainBytes: 0,
})

/** Takes a value in the form that `fitter` gives it, null left out, and answers with its bytes in PLAIN. */
export function addValue(values: LeafValues, value: unknown): number {
  const { dictionary, bytes, plain } = values
  const at = values.count++
  if (dictionary === undefined) {
    const start = bytes.length
    plain.append(bytes, value)
    return bytes.length - start
  }
  if (enter(dictionary, keyOf(value), at)) {
    plain.append(bytes, value)
    dictionary.starts.push(bytes.length)
  }
  const place = dictionary.indexes[at]!
  const size = dictionary.starts[place + 1]! - dictionary.starts[place]!
  dictionary.plainBytes += size
  return size
}

/** Makes room for the next row group. */
export function clearValues(values: LeafValues): void {
  values.count = 0
  values.bytes.length = 0
  const { dictionary } = values
  if (dictionary === undefined) return
  dictionary.places.clear()
  dictionary.starts = [0]
  dictionary.plainBytes = 0
}

/** Decides on a dictionary; the bytes are those of the leaf, good until it is cleared. */
export function settleValues(values: LeafValues): Settled {
  if (values.count === 0 || values.choice === 'off') return { bytes: taken(values.bytes) }
  if (values.dictionary === undefined) fold(values)
  else if (values.choice === 'auto' && !pays(values.dictionary, values.count)) unfold(values)
  const { dictionary, bytes } = values
  if (dictionary === undefined) return { bytes: taken(bytes) }
  return { bytes: taken(bytes), dictionary: { entries: dictionary.places.size, indexes: dictionary.indexes } }
}

/** Gives value number `at` its place in the dictionary; true where it is the first of its kind. */
function enter(dictionary: Dictionary, key: unknown, at: number): boolean {
  const { places } = dictionary
  const known = places.get(key)
  if (at === dictionary.indexes.length) {
    const larger = new Uint32Array(2 * at)
    larger.set(dictionary.indexes)
    dictionary.indexes = larger
  }
  dictionary.indexes[at] = known ?? places.size
  if (known === undefined) places.set(key, places.size)
  return known === undefined
}

/** What a Map tells apart as the values differ: bytes by their content, and minus zero, which it takes for zero. */
function keyOf(value: unknown): unknown {
  if (value instanceof Uint8Array) return Buffer.prototype.latin1Slice.call(value)
  return Object.is(value, -0) ? '-0' : value
}

function pays({ starts, plainBytes }: Dictionary, count: number): boolean {
  const entries = starts.length - 1
  const indexBytes = (count * (32 - Math.clz32(entries - 1))) / 8
  return 2 * (starts[entries]! + indexBytes) <= plainBytes
}

/** Puts a dictionary in the place of the values, where that halves them. A sample is looked at first. */
function fold(values: LeafValues): void {
  const { bytes, count, plain } = values
  const starts = valueStarts(bytes.bytes, plain.width, count)
  if (!repeats(bytes.bytes, starts)) return
  const dictionary = emptyDictionary()
  const entries = growable(4096)
  for (let i = 0; i < count; i++) {
    const [start, end] = [starts[i]!, starts[i + 1]!]
    if (!enter(dictionary, bytes.bytes.toString('latin1', start, end), i)) continue
    appendRange(entries, bytes.bytes, start, end)
    dictionary.starts.push(entries.length)
  }
  dictionary.plainBytes = bytes.length
  if (!pays(dictionary, count)) return
  values.bytes = entries
  values.dictionary = dictionary
}

/** Puts the values in the place of a dictionary that does not pay. */
function unfold(values: LeafValues): void {
  const { starts, indexes, plainBytes } = values.dictionary!
  const whole = growable(plainBytes)
  for (let i = 0; i < values.count; i++) {
    const place = indexes[i]!
    appendRange(whole, values.bytes.bytes, starts[place]!, starts[place + 1]!)
  }
  values.bytes = whole
  values.dictionary = undefined
}

const sampleSize = 512
/** A sample with more of its bytes in distinct values is not worth a closer look. */
const hopeless = 0.8
/** Most texts that differ do so here, which spares looking at all of them. */
const tail = 24

function repeats(bytes: Buffer, starts: Uint32Array): boolean {
  return sampleRepeats(bytes, starts, tail) && sampleRepeats(bytes, starts, Number.POSITIVE_INFINITY)
}

/** Whether values come again in a sample, told apart by their lengths and their last `looked` bytes. */
function sampleRepeats(bytes: Buffer, starts: Uint32Array, looked: number): boolean {
  const seen = new Set<string>()
  let [distinctBytes, allBytes] = [0, 0]
  const count = starts.length - 1
  const sample = Math.min(sampleSize, count)
  for (let i = 0; i < sample; i++) {
    const at = Math.floor((i * count) / sample)
    const end = starts[at + 1]!
    const size = end - starts[at]!
    const key = `${size} ${bytes.toString('latin1', end - Math.min(size, looked), end)}`
    allBytes += size
    if (!seen.has(key)) distinctBytes += size
    seen.add(key)
  }
  return distinctBytes <= hopeless * allBytes
}

function appendRange(out: Growable, from: Buffer, start: number, end: number): void {
  reserve(out, end - start)
  from.copy(out.bytes, out.length, start, end)
  out.length += end - start
}
