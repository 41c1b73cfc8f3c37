import { nextTurn } from '../stream/turn.js'
import { distancesFrom } from './kernel/nearest.js'
import { type Merge, mergeTree } from './merge-tree.js'

export type DensityOptions = {
  vectors: Float32Array
  dimensions: number
  /** Fewest rows of a cluster; default 2. */
  minClusterSize?: number
  /** The how-manieth nearest other row a row's density is measured by; default 1. */
  minSamples?: number
  signal?: AbortSignal | undefined
}

/** The label of a row that belongs to no cluster. */
export const noise = 0xffffffff

/** Distances below this are one: equal rows would be infinitely dense. */
const leastDistance = 1e-6

/**
 * HDBSCAN (Campello, Moulavi and Sander 2013): the clusters that last longest as the density that joins rows rises, by excess
 * of mass and never all rows as one; numbered by their first rows. O(rows² × dimensions), memory in the rows alone.
 */
export async function densityClusters(options: DensityOptions): Promise<Uint32Array> {
  const { vectors, dimensions, minClusterSize = 2 } = options
  const rows = vectors.length / dimensions
  if (rows < 2) return new Uint32Array(rows).fill(noise)
  const clusters = condense(mergeTree(await spanningTree(options), rows), rows, minClusterSize)
  return numbered(labelsOf(clusters, mostStable(clusters), rows))
}

/** The rows joined at the least mutual reachability: the larger of their distance and of either's to its own neighbour. */
async function spanningTree({ vectors, dimensions, minSamples = 1, signal }: DensityOptions): Promise<Merge[]> {
  const rows = vectors.length / dimensions
  const distances = distancesFrom(vectors, dimensions)
  const from = (row: number) => distances(vectors.subarray(row * dimensions, (row + 1) * dimensions))
  const core = new Float64Array(rows)
  for (let row = 0; row < rows; row++) {
    if (row % 16 === 0) await nextTurn(signal)
    core[row] = from(row).toSorted()[Math.min(minSamples, rows - 1)]!
  }
  const reach = new Float64Array(rows).fill(Number.POSITIVE_INFINITY)
  const nearest = new Uint32Array(rows)
  const isIn = new Uint8Array(rows)
  const edges: Merge[] = []
  for (let last = 0; ; ) {
    if (edges.length % 16 === 0) await nextTurn(signal)
    isIn[last] = 1
    const found = from(last)
    let next = -1
    for (let row = 0; row < rows; row++) {
      if (isIn[row] === 1) continue
      const mutual = Math.max(found[row]!, core[row]!, core[last]!)
      if (mutual < reach[row]!) {
        reach[row] = mutual
        nearest[row] = last
      }
      if (next === -1 || reach[row]! < reach[next]!) next = row
    }
    if (next === -1) return edges
    edges.push({ a: nearest[next]!, b: next, distance: Math.max(leastDistance, Math.sqrt(reach[next]!)) })
    last = next
  }
}

/** A cluster while it lasts; `born` and what leaves it are densities, 1 / distance. */
type Cluster = { readonly parent: number; readonly born: number; stability: number; readonly members: number[] }

/** The clusters of at least so many rows, parents first; a row is a member of the last cluster that it was part of. */
function condense(merges: ReturnType<typeof mergeTree>, rows: number, least: number): Cluster[] {
  const clusters: Cluster[] = [{ parent: -1, born: 0, stability: 0, members: [] }]
  const sizeOf = (node: number) => (node < rows ? 1 : merges[node - rows]!.size)
  // A node of the tree with the cluster that it is the rest of.
  const open: { node: number; cluster: number }[] = [{ node: rows + merges.length - 1, cluster: 0 }]
  for (let at = open.pop(); at !== undefined; at = open.pop()) {
    const { node, cluster } = at
    const { a, b, distance } = merges[node - rows]!
    const density = 1 / distance
    const large = [a, b].filter((part) => sizeOf(part) >= least)
    for (const part of [a, b]) {
      const stays = large.length === 1 && large[0] === part
      if (!stays) clusters[cluster]!.stability += sizeOf(part) * (density - clusters[cluster]!.born)
      if (!large.includes(part)) addLeaves(part, merges, rows, clusters[cluster]!.members)
      else if (stays) open.push({ node: part, cluster })
      else {
        clusters.push({ parent: cluster, born: density, stability: 0, members: [] })
        open.push({ node: part, cluster: clusters.length - 1 })
      }
    }
  }
  return clusters
}

function addLeaves(node: number, merges: ReturnType<typeof mergeTree>, rows: number, to: number[]): void {
  const open = [node]
  for (let at = open.pop(); at !== undefined; at = open.pop()) {
    if (at < rows) to.push(at)
    else open.push(merges[at - rows]!.a, merges[at - rows]!.b)
  }
}

/** The clusters that are as stable as their best parts together, but for the whole; one may lie in another. */
function mostStable(clusters: readonly Cluster[]): Uint8Array {
  const isTaken = new Uint8Array(clusters.length)
  const below = new Float64Array(clusters.length)
  for (let at = clusters.length - 1; at > 0; at--) {
    const { stability, parent } = clusters[at]!
    if (stability >= below[at]!) isTaken[at] = 1
    below[parent]! += Math.max(stability, below[at]!)
  }
  return isTaken
}

function labelsOf(clusters: readonly Cluster[], isTaken: Uint8Array, rows: number): Uint32Array {
  const labels = new Uint32Array(rows).fill(noise)
  const within = new Uint32Array(clusters.length).fill(noise)
  for (let at = 1; at < clusters.length; at++) {
    // Of nested ones the outermost.
    const around = within[clusters[at]!.parent]!
    within[at] = around !== noise || isTaken[at] === 0 ? around : at
    for (const row of clusters[at]!.members) labels[row] = within[at]!
  }
  return labels
}

/** The labels 0, 1, … in the order in which they first come. */
function numbered(labels: Uint32Array): Uint32Array {
  const numbers = new Map<number, number>()
  for (const label of labels) if (label !== noise && !numbers.has(label)) numbers.set(label, numbers.size)
  return labels.map((label) => numbers.get(label) ?? noise)
}
