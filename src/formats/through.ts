import { Readable, type Transform } from 'node:stream'

/** Blocks through one of Node's streams, both closed whichever way it ends. */
export async function* through(blocks: AsyncGenerator<Uint8Array>, stream: Transform): AsyncGenerator<Uint8Array> {
  const source = Readable.from(blocks, { objectMode: false })
  const out = source.on('error', (error) => stream.destroy(error)).pipe(stream)
  try {
    for await (const block of out) yield block as Uint8Array
  } finally {
    out.destroy()
    source.destroy()
  }
}
