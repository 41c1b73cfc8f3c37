import { brotliDecompressSync, gunzipSync } from 'node:zlib'
import zstd from '@foxglove/wasm-zstd'

/** One compression scheme for a block whose plain size is known beforehand. Both throw a plain Error on bad bytes. */
export type Codec = {
  decompress(block: Uint8Array, plainSize: number): Uint8Array
  compress?(block: Uint8Array, level?: number): Uint8Array
}

/** Codecs by their Parquet names. SNAPPY is absent where its optional package is, and hyparquet's own then serves. */
export type Codecs = { ZSTD: Codec; GZIP: Codec; BROTLI: Codec; SNAPPY?: Codec }

let loading: Promise<Codecs> | undefined

/** The one table of codecs for all formats; the first call compiles the WASM one. */
export function loadCodecs(): Promise<Codecs> {
  loading ??= load()
  return loading
}

async function load(): Promise<Codecs> {
  const [snappy] = await Promise.all([loadSnappy(), zstd.isLoaded])
  return {
    ZSTD: { decompress: zstd.decompress, compress: (block, level = 3) => zstd.compress(block, level) },
    // The bound keeps a bomb from growing beyond what its page header admitted to.
    GZIP: { decompress: (block, plainSize) => gunzipSync(block, { maxOutputLength: Math.max(1, plainSize) }) },
    BROTLI: {
      decompress: (block, plainSize) => brotliDecompressSync(block, { maxOutputLength: Math.max(1, plainSize) }),
    },
    ...(snappy && { SNAPPY: snappy }),
  }
}

async function loadSnappy(): Promise<Codec | undefined> {
  try {
    const { uncompressSync, compressSync } = await import('snappy')
    return {
      decompress: (block) => uncompressSync(block, { asBuffer: true }) as Uint8Array,
      compress: (block) => compressSync(block),
    }
  } catch {
    // Left out by --omit=optional, or no binary for this platform: the slower path serves.
    return undefined
  }
}

/** The plain size a zstd frame declares in its header, as Arrow's buffers need it. Throws where it declares none. */
export function zstdPlainSize(frame: Uint8Array): number {
  const view = new DataView(frame.buffer, frame.byteOffset, frame.byteLength)
  if (frame.byteLength < 6 || view.getUint32(0, true) !== 0xfd2fb528) throw new Error('not a zstd frame')
  const descriptor = view.getUint8(4)
  const singleSegment = (descriptor & 0x20) !== 0
  const at = 5 + (singleSegment ? 0 : 1) + [0, 1, 2, 4][descriptor & 3]!
  switch (descriptor >> 6) {
    case 0:
      if (!singleSegment) throw new Error('the zstd frame does not declare its plain size')
      return view.getUint8(at)
    case 1:
      return view.getUint16(at, true) + 256
    case 2:
      return view.getUint32(at, true)
    default:
      return Number(view.getBigUint64(at, true))
  }
}
