import { createRequire } from 'node:module'
import { brotliDecompressSync, gunzipSync } from 'node:zlib'
import { decodeLz4Block, encodeLz4Block } from './lz4-block.js'
import { snappyUncompress } from './parquet/library.js'
import { loadZstd, type PageDecoder } from './zstd/index.js'

/** One compression scheme for a block whose plain size is known beforehand. All throw a plain Error on bad bytes. */
export type Codec = {
  /** The plain bytes, in memory of their own. */
  decompress(block: Uint8Array, plainSize: number): Uint8Array
  /** The same into memory of the caller's, which they must fill; absent where a library brings its own. */
  decompressInto?(block: Uint8Array, plain: Uint8Array): void
  compress?(block: Uint8Array, level?: number): Uint8Array
  /** Decoders of pages that spare them the way out of their memory, lent and taken back; absent where there are none. */
  pages?: { lend(): PageDecoder | undefined; takeBack(decoder: PageDecoder): void }
}

/** Codecs by their Parquet names; LZ4 is Hadoop's framing or a bare block, as either was written under that name. */
export type Codecs = Record<'ZSTD' | 'GZIP' | 'BROTLI' | 'SNAPPY' | 'LZ4_RAW' | 'LZ4', Codec>

let loading: Promise<Codecs> | undefined

/** The one table of codecs for all formats; the first call compiles the WASM one, and snappy is loaded when it is first named. */
export function loadCodecs(): Promise<Codecs> {
  loading ??= load()
  return loading
}

async function load(): Promise<Codecs> {
  let snappy: Codec | undefined
  return {
    ZSTD: await loadZstd(),
    // The bound keeps a bomb from growing beyond what its page header admitted to.
    GZIP: { decompress: (block, plainSize) => gunzipSync(block, { maxOutputLength: Math.max(1, plainSize) }) },
    BROTLI: {
      decompress: (block, plainSize) => brotliDecompressSync(block, { maxOutputLength: Math.max(1, plainSize) }),
    },
    get SNAPPY() {
      snappy ??= loadSnappy()
      return snappy
    },
    LZ4_RAW: { ...owned(lz4Block), compress: encodeLz4Block },
    LZ4: owned(lz4Legacy),
  }
}

/** A codec that decodes into whatever memory it is given. */
function owned(decompressInto: (block: Uint8Array, plain: Uint8Array) => void): Codec {
  return {
    decompressInto,
    decompress(block, plainSize) {
      const plain = new Uint8Array(plainSize)
      decompressInto(block, plain)
      return plain
    },
  }
}

function loadSnappy(): Codec {
  try {
    const { uncompressSync, compressSync } = createRequire(import.meta.url)('snappy') as typeof import('snappy')
    return {
      decompress(block, plainSize) {
        checkSnappySize(block, plainSize)
        return uncompressSync(block, { asBuffer: true }) as Uint8Array
      },
      compress: (block) => compressSync(block),
    }
  } catch {
    // Left out by --omit=optional, or no binary for this platform: the slower path serves.
    return owned((block, plain) => {
      checkSnappySize(block, plain.length)
      snappyUncompress(block, plain)
    })
  }
}

/** A snappy block begins with its plain size, for which memory is taken before anything else is looked at. */
function checkSnappySize(block: Uint8Array, plainSize: number): void {
  let size = 0
  for (let i = 0; i < 5; i++) {
    const byte = block[i]
    if (byte === undefined) break
    size += (byte & 127) * 2 ** (7 * i)
    if (byte >= 128) continue
    if (size !== plainSize) throw new Error(`the snappy block holds ${size} bytes where ${plainSize} are promised`)
    return
  }
  throw new Error('not a snappy block')
}

/** Decodes one bare LZ4 block. Source: the LZ4 block format description. */
function lz4Block(block: Uint8Array, plain: Uint8Array): void {
  const size = decodeLz4Block(block, 0, block.length, plain, 0)
  if (size !== plain.length) throw new Error(`the lz4 block holds ${size} bytes where ${plain.length} are promised`)
}

/** Hadoop puts plain and packed size, big-endian, before each of its blocks; others wrote one bare block. */
function lz4Legacy(block: Uint8Array, plain: Uint8Array): void {
  const view = new DataView(block.buffer, block.byteOffset, block.byteLength)
  let [at, to] = [0, 0]
  while (at + 8 <= block.length) {
    const [size, packed] = [view.getUint32(at), view.getUint32(at + 4)]
    if (to + size > plain.length || at + 8 + packed > block.length) break
    lz4Block(block.subarray(at + 8, at + 8 + packed), plain.subarray(to, to + size))
    to += size
    at += 8 + packed
  }
  if (to !== plain.length || at !== block.length) lz4Block(block, plain)
}
