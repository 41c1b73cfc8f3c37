import { normalizeText } from '../../../text/nfkc.js'
import { simdModule } from '../../simd-module.js'
import type { StaticTable } from '../table.js'
import { buildTrie } from '../trie.js'
import { normalForms } from './normal-forms.js'
import { packTrie } from './packed-trie.js'
import { wasmBase64 } from './static.wasm.js'

const compiled = simdModule(wasmBase64)

/** Whether this machine's WebAssembly knows SIMD; asked once. */
export function simdAvailable(): boolean {
  return compiled() !== null
}

/** Numbers in the module that either side reads; places are bytes from the start of the memory. */
type Place = { value: number }
type BigPlace = { value: bigint }

/** What assembly/index.ts exports; its doc comments say more. */
type Exports = {
  embed(text: number, offsets: number, count: number, maxPieces: number, out: number): void
  start(maxPieces: number): void
  feed(text: number, end: number): number
  finish(out: number): void
  classes: Place
  normal: Place
  pool: Place
  nodes: Place
  roots: Place
  slots: Place
  masks: Place
  rows: Place
  scales: Place
  longestPiece: Place
  unknownPiece: Place
  unitsAt: Place
  normalizedAt: Place
  shortWordsAt: Place
  longWordsAt: Place
  shortShift: BigPlace
  longShift: BigPlace
}

/** The module with its tables in place, and where a caller puts texts and finds vectors. */
export type KernelMemory = Pick<Exports, 'embed' | 'start' | 'feed' | 'finish'> & {
  readonly offsetsAt: number
  readonly outAt: number
  readonly textAt: number
  /** Makes room for so many bytes of text at once. */
  makeRoom(bytes: number): void
  /** The memory as it is now; a call of the module or of `makeRoom` may put another in its place. */
  buffer(): ArrayBuffer
}

const pageBytes = 65_536
const poolUnits = 16_384
const ways = 4
const shortEntryBytes = 32
const longEntryBytes = 128
/** Long words are fewer, and take four times the room. */
const shortToLong = 4

/** Lays out a memory for texts of which a call of `embed` takes up to `rowsAtOnce`. */
export function kernelMemory(
  table: StaticTable,
  { cachedWords, rowsAtOnce }: { cachedWords: number; rowsAtOnce: number },
): KernelMemory {
  if (!simdAvailable()) throw new Error('WebAssembly SIMD is not available here')
  const memory = new WebAssembly.Memory({ initial: 2 })
  const ensure = (end: number) => {
    const missing = Math.ceil(end / pageBytes) - memory.buffer.byteLength / pageBytes
    if (missing > 0) memory.grow(missing)
  }
  const normalize = (count: number): number => {
    const text = Buffer.from(memory.buffer, exports.unitsAt.value + 2, 2 * count).toString('utf16le')
    const normalized = normalizeText(text)
    const at = exports.normalizedAt.value + 2
    ensure(at + 2 * normalized.length)
    Buffer.from(memory.buffer, at).write(normalized, 'utf16le')
    return normalized.length
  }
  const { exports } = new WebAssembly.Instance(compiled()!, { env: { memory, normalize } }) as unknown as {
    exports: Exports
  }

  const shortSets = cachedWords / ways
  const longSets = Math.max(1, shortSets / shortToLong)
  const places = layout(exports.rows.value + table.rows.length + table.dimensions)
  exports.shortWordsAt.value = places.take(shortSets * ways * shortEntryBytes)
  exports.longWordsAt.value = places.take(longSets * ways * longEntryBytes)
  exports.shortShift.value = BigInt(32 - Math.log2(shortSets))
  exports.longShift.value = BigInt(32 - Math.log2(longSets))
  const offsetsAt = places.take(4 * (rowsAtOnce + 1))
  const outAt = places.take(4 * rowsAtOnce * table.dimensions)
  const textAt = places.take(0)
  ensure(textAt)
  fillTables(exports, memory.buffer, table)

  const { embed, start, feed, finish } = exports
  let room = 0
  return {
    embed,
    start,
    feed,
    finish,
    offsetsAt,
    outAt,
    textAt,
    makeRoom(bytes) {
      if (bytes <= room) return
      room = bytes
      // 64 bytes at a time are read, also behind the end; a byte gives at most one unit.
      const behind = layout(textAt + bytes + 64)
      exports.unitsAt.value = behind.take(2 * bytes + 2)
      exports.normalizedAt.value = behind.take(0)
      ensure(exports.normalizedAt.value)
    },
    buffer: () => memory.buffer,
  }
}

function fillTables(exports: Exports, buffer: ArrayBuffer, table: StaticTable): void {
  const { pieces, logProbabilities } = table
  const trie = packTrie(buildTrie(pieces), logProbabilities)
  new Uint16Array(buffer, exports.classes.value).set(trie.classes)
  new Int32Array(buffer, exports.nodes.value).set(trie.nodes)
  new Int32Array(buffer, exports.roots.value).set(trie.roots)
  new Int32Array(buffer, exports.slots.value).set(trie.slots)
  const forms = normalForms(poolUnits)
  new Uint16Array(buffer, exports.normal.value).set(forms.places)
  new Uint16Array(buffer, exports.pool.value).set(forms.pool)
  for (let length = 0; length <= 16; length++) {
    new Uint8Array(buffer, exports.masks.value + 16 * length, length).fill(0xff)
  }
  new Int8Array(buffer, exports.rows.value).set(table.rows)
  new Float32Array(buffer, exports.scales.value).set(table.scales)
  exports.longestPiece.value = pieces.reduce((most, piece) => Math.max(most, piece.length), 1)
  exports.unknownPiece.value = pieces.length
}

/** Hands out consecutive places of a memory from `start` on, each beginning at a multiple of 128 bytes. */
function layout(start: number): { take(bytes: number): number } {
  let end = start
  return {
    take(bytes) {
      const place = Math.ceil(end / 128) * 128
      end = place + bytes
      return place
    },
  }
}
