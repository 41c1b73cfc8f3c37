import { createHash } from 'node:crypto'
import { readdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { type Precision, rounded } from '../../embed/quantize.js'
import type { Embedder, Texts } from '../../embed/types.js'
import { isTemporary, makeFolder } from '../../run/durable.js'
import { decodeArtifact, encodeArtifact } from '../../select/artifact.js'
import { asDiskError, UsageError } from '../../stream/errors.js'
import { statIfThere } from '../../stream/stat-if-there.js'
import { writeDurably } from '../../stream/write-durably.js'
import { takeTexts } from '../../text/column.js'
import { hashTexts, hashWords, readSegmentName } from './segment.js'
import { createSegmentReader } from './segment-reader.js'
import { createSegmentWriter } from './segment-writer.js'
import { shardKey } from './shard-key.js'
import type { ShardEmbedder, VectorStore } from './types.js'

/** Every model has a vector of its own for it, so that another one behind the same name shows. */
const probe = 'The same words, embedded again, tell whether this is still the same model.'
/** Servers round differently from one batch to the next; two models differ by far more. */
const leastCosine = 0.999
/** Age of a temporary file that nobody writes to any more; clocks may differ. */
const forgottenMs = 24 * 3600 * 1000

/**
 * Opens the folder of a store for an embedder, whose vectors are {@link rounded}. Throws a UsageError where it is not the
 * embedder any more that made the vectors there.
 */
export async function openVectorStore(path: string, embedder: Embedder, precision: Precision): Promise<VectorStore> {
  const own = join(path, createHash('sha256').update(embedder.id).digest('hex').slice(0, 16))
  await settleEmbedder(own, embedder)
  const keys = new Map<string, Promise<string>>()
  return {
    async openShard({ shard, rows, textColumn, inputColumn, warn }) {
      const columns = [textColumn, ...(inputColumn === undefined ? [] : [inputColumn])]
      const named = JSON.stringify([shard.path, columns])
      if (!keys.has(named)) keys.set(named, shardKey(shard.path, columns))
      const folder = join(own, await keys.get(named)!)
      const range = rows ?? { start: 0, end: Number.POSITIVE_INFINITY }
      const names = await listFolder(folder)
      await removeForgotten(folder, names)
      const files = names
        .flatMap((name) => readSegmentName(name) ?? [])
        .filter(({ first, last }) => first < range.end && last >= range.start)
      return shardEmbedder(embedder, {
        precision,
        reader: createSegmentReader(folder, files, { embedder, precision, warn }),
        writer: createSegmentWriter(folder, { embedder, precision }),
      })
    },
  }
}

type Segments = {
  precision: Precision
  reader: ReturnType<typeof createSegmentReader>
  writer: ReturnType<typeof createSegmentWriter>
}

function shardEmbedder(embedder: Embedder, { precision, reader, writer }: Segments): ShardEmbedder {
  const { dimensions } = embedder
  return {
    id: precision === 'float32' ? embedder.id : `${embedder.id}:${precision}`,
    dimensions,
    async embed(rows, texts, options) {
      const hashes = hashTexts(texts)
      const vectors = new Float32Array(rows.length * dimensions)
      await reader.advance(rows)
      const missing: number[] = []
      for (const [n, row] of rows.entries()) {
        const found = reader.find(row, hashes[hashWords * n]!, hashes[hashWords * n + 1]!)
        if (found === undefined) missing.push(n)
        else vectors.set(found, n * dimensions)
      }
      if (missing.length === 0) return vectors
      const made = await embedder.embed(takeSome(texts, missing, rows.length), options)
      const kept = rounded(made, dimensions, precision)
      for (const [at, n] of missing.entries()) {
        const vector = kept.subarray(at * dimensions, (at + 1) * dimensions)
        vectors.set(vector, n * dimensions)
        await writer.push(rows[n]!, hashes.subarray(hashWords * n, hashWords * (n + 1)), vector)
      }
      return vectors
    },
    close: writer.close,
  }
}

function takeSome(texts: Texts, numbers: readonly number[], all: number): Texts {
  if (numbers.length === all) return texts
  return 'offsets' in texts ? takeTexts(texts, numbers) : numbers.map((n) => texts[n]!)
}

/** Notes who makes the vectors of a folder; refuses one that made others before. */
async function settleEmbedder(folder: string, { id, dimensions, embed }: Embedder): Promise<void> {
  const path = join(folder, 'embedder.bin')
  const now = await embed([probe])
  const noted = await readFile(path).catch((error) => {
    if (error.code === 'ENOENT') return undefined
    throw asDiskError(error, path)
  })
  if (noted === undefined) {
    await makeFolder(folder)
    await writeDurably(path, encodeArtifact('embedder', { embedder: id, dimensions }, [now]))
    return
  }
  const [before] = decodeArtifact('embedder', noted).parts as [Float32Array]
  const cosine = before.length === now.length ? now.reduce((sum, value, k) => sum + value * before[k]!, 0) : -1
  if (cosine >= leastCosine) return
  throw new UsageError(`${id} gives other vectors than those in ${folder}: cosine ${cosine.toFixed(3)}`, {
    fix: 'The model behind that name has changed: keep its vectors in another folder, with --vectors DIR, or remove this one.',
  })
}

/**
 * Removes what a killed process was writing. Others may write here now, and on other machines: a segment takes them no more
 * than seconds.
 */
async function removeForgotten(folder: string, names: readonly string[]): Promise<void> {
  for (const path of names.filter(isTemporary).map((name) => join(folder, name))) {
    const found = await statIfThere(path)
    if (found && Date.now() - found.mtimeMs > forgottenMs) await rm(path, { force: true }).catch(() => {})
  }
}

async function listFolder(folder: string): Promise<string[]> {
  try {
    return await readdir(folder)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw asDiskError(error, folder)
  }
}
