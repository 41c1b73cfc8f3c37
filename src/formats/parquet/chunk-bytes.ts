import type { Buffers } from '../buffers.js'
import type { ByteSource } from '../files.js'

/** The bytes of one column chunk. */
export type Extent = { start: number; end: number }

/** Reads within one chunk. What a read gives is good until the next one, or until `close`. */
export type ChunkBytes = { read(start: number, end: number): Promise<Uint8Array>; close(): void }

/** Bytes that one read fetches for several chunks together. */
const longestRun = 4 << 20
/** Bytes between two chunks that are read along rather than read around. */
const widestGap = 64 << 10

/**
 * Opens the chunks of a row group for reading. Those that fit into a window and lie close together are fetched by one read,
 * the first time that one of them is touched; a row group of a thousand rows is mostly one read. Longer ones come a window
 * at a time, as long as their reader asks for.
 */
export function openChunkBytes(
  source: ByteSource,
  extents: readonly Extent[],
  buffers: Buffers,
  window: number,
): ChunkBytes[] {
  const opened = new Map<Extent, ChunkBytes>()
  const short = extents.filter(({ start, end }) => end - start <= window).sort((a, b) => a.start - b.start)
  for (let first = 0; first < short.length; ) {
    const run = { start: short[first]!.start, end: short[first]!.end }
    let next = first + 1
    for (; next < short.length; next++) {
      const { start, end } = short[next]!
      if (start - run.end > widestGap || end - run.start > longestRun) break
      run.end = Math.max(run.end, end)
    }
    const shared = sharedRun(source, run, buffers, next - first)
    for (const extent of short.slice(first, next)) opened.set(extent, shared())
    first = next
  }
  return extents.map((extent) => opened.get(extent) ?? windows(source, buffers))
}

/** Makes readers of one run of bytes, which stays until each of the `readers` is closed. */
function sharedRun(source: ByteSource, { start, end }: Extent, buffers: Buffers, readers: number): () => ChunkBytes {
  let open = readers
  let loading: Promise<Uint8Array> | undefined
  return () => ({
    async read(from, to) {
      loading ??= load(source, start, end, buffers)
      return (await loading).subarray(from - start, to - start)
    },
    close() {
      // A read that failed has told whoever asked.
      if (--open === 0) loading?.then(buffers.takeBack, () => {})
    },
  })
}

function windows(source: ByteSource, buffers: Buffers): ChunkBytes {
  let held: Uint8Array | undefined
  const close = () => {
    if (held !== undefined) buffers.takeBack(held)
    held = undefined
  }
  return {
    async read(start, end) {
      close()
      held = await load(source, start, end, buffers)
      return held
    },
    close,
  }
}

async function load(source: ByteSource, start: number, end: number, buffers: Buffers): Promise<Uint8Array> {
  if (source.readInto === undefined) return new Uint8Array(await source.read(start, end))
  const bytes = buffers.lend(end - start)
  await source.readInto(bytes, start)
  return bytes
}
