import type { Embedder, Texts } from '../../embed/types.js'
import type { PlannedShard, Task } from '../../run/types.js'

/** Rows of a shard, and the columns that their texts are made of. */
export type ShardPlace = {
  readonly shard: PlannedShard
  readonly rows?: Task['rows'] | undefined
  readonly textColumn: string
  readonly inputColumn?: string | undefined
  /** Told of vectors that were there and cannot be used. */
  warn(text: string): void
}

/** An embedder for the texts of one shard, asked in the order of their rows. */
export type ShardEmbedder = Pick<Embedder, 'id' | 'dimensions'> & {
  /** As `Embedder.embed`; `rows` are the texts' numbers in the shard, rising from call to call. */
  embed(rows: readonly number[], texts: Texts, options?: { signal?: AbortSignal }): Promise<Float32Array>
  /** Puts what was made on the disk; also called where the reading failed. */
  close(): Promise<void>
}

/** Vectors on a disk, of any corpus, which runs share. */
export type VectorStore = { openShard(place: ShardPlace): Promise<ShardEmbedder> }
