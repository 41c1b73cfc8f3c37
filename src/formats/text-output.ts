import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import type { Sink } from '../stream/types.js'
import { loadCodecs } from './codecs.js'
import { withOutput } from './files.js'
import type { Columns, WriteOptions, Written } from './types.js'

const gzipAsync = promisify(gzip)
const blockSize = 1 << 20

/** How rows become text: `head` comes before the first, made from the rows of the first batch, `end` after the last. */
export type TextLayout = {
  head?(rows: readonly Columns[]): string
  row(row: Columns): string
  end?(): string
}

/** A sink that writes rows as UTF-8 text to `path`, packed where that ends in `.gz` or `.zst`. */
export function writeText(
  path: string,
  options: Pick<WriteOptions, 'level' | 'onBytes' | 'signal' | 'create'>,
  layout: () => TextLayout,
): Sink<Columns, Written> {
  return (source) =>
    withOutput(path, options, async (output) => {
      const { level, onBytes } = options
      const { head, row: toText, end } = layout()
      let rows = 0
      let held = ''
      let isFirst = true
      const packed = /\.(gz|zst)$/.test(path)
      const pack = await packer(path, level)
      const flush = async () => {
        // Each block is packed by itself: equal rows give equal bytes, and nothing waits inside a stream.
        const block = await pack(Buffer.from(held))
        held = ''
        await output.write(block)
        onBytes?.(output.bytes)
      }
      for await (const batch of source) {
        if (isFirst) held += head?.(batch) ?? ''
        isFirst = false
        for (const row of batch) {
          held += toText(row)
          if (held.length >= blockSize) await flush()
        }
        rows += batch.length
        // To a pipe rows go as they come, since whoever reads it may be waiting.
        if (path === '-' && held !== '') await flush()
        if (output.closed) break
      }
      if (isFirst) held += head?.([]) ?? ''
      held += end?.() ?? ''
      if (held !== '' || (packed && output.bytes === 0)) await flush()
      return rows
    })
}

async function packer(path: string, level: number | undefined): Promise<(block: Buffer) => Promise<Uint8Array>> {
  if (path.endsWith('.gz')) return (block) => gzipAsync(block, { level: level ?? 6 })
  if (!path.endsWith('.zst')) return async (block) => block
  const { ZSTD } = await loadCodecs()
  return async (block) => ZSTD.compress!(block, level ?? 3)
}
