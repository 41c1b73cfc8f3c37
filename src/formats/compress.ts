import { brotliCompressSync, constants, gzipSync } from 'node:zlib'
import { UsageError } from '../stream/errors.js'
import { loadCodecs } from './codecs.js'

/** Codecs that Parquet files are written with. */
export type WriteCodec = 'zstd' | 'snappy' | 'gzip' | 'brotli' | 'lz4_raw' | 'none'

/** Their names in a file, and the least and greatest level of those that have any. */
export const writeCodecs = {
  zstd: { stored: 'ZSTD', levels: [1, 22] },
  snappy: { stored: 'SNAPPY', levels: undefined },
  gzip: { stored: 'GZIP', levels: [0, 9] },
  brotli: { stored: 'BROTLI', levels: [0, 11] },
  lz4_raw: { stored: 'LZ4_RAW', levels: undefined },
  none: { stored: 'UNCOMPRESSED', levels: undefined },
} as const

/** Compresses blocks by `codec`; undefined for none. Default levels: zstd 3, gzip 6, brotli 5. */
export async function compressor(
  codec: WriteCodec,
  level?: number,
): Promise<((bytes: Uint8Array) => Uint8Array) | undefined> {
  const range = writeCodecs[codec].levels
  if (level !== undefined && range && !(Number.isInteger(level) && level >= range[0] && level <= range[1])) {
    throw new UsageError(`Expected a level of ${codec} from ${range[0]} to ${range[1]}, got ${level}`)
  }
  if (codec === 'none') return undefined
  if (codec === 'gzip') return (bytes) => gzipSync(bytes, { level: level ?? 6 })
  if (codec === 'brotli') {
    const params = { [constants.BROTLI_PARAM_QUALITY]: level ?? 5 }
    return (bytes) =>
      brotliCompressSync(bytes, { params: { ...params, [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length } })
  }
  const codecs = await loadCodecs()
  if (codec === 'zstd') return (bytes) => codecs.ZSTD.compress!(bytes, level)
  if (codec === 'lz4_raw') return codecs.LZ4_RAW.compress
  return codecs.SNAPPY.compress ?? (await import('./parquet/writer-library.js')).snappyCompress
}
