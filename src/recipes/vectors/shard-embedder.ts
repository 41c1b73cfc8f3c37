import type { Resources } from '../types.js'
import type { ShardEmbedder, ShardPlace } from './types.js'

/** The embedder of a run for a shard: vectors that are kept are taken from where they are, and others put there. */
export async function openShardEmbedder(resources: Resources, place: ShardPlace): Promise<ShardEmbedder> {
  const { vectors } = resources
  if (vectors !== undefined) return (await vectors()).openShard(place)
  const { id, dimensions, embed } = await resources.embedder()
  return { id, dimensions, embed: (_, texts, options) => embed(texts, options), close: async () => {} }
}
