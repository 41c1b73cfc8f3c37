/** Rows of a corpus in order, as tiles of row-major vectors; walked as often as it takes. */
export type VectorTiles = () => AsyncIterable<Float32Array>

export type EvenGroupsOptions = {
  /** Row-major, one row a centre. */
  centroids: Float32Array
  dimensions: number
  /** How many rows there are. */
  rows: number
  /** How many items each centre takes. */
  size: number
  /** Candidates held for all centres together; memory is 12 bytes each. Default 4 million. */
  mostCandidates?: number
}

/** Of every centre its items, `size` each and in the order taken, and their distances; centre after centre. */
export type EvenGroups = { readonly items: Int32Array; readonly distances: Float64Array }

/**
 * Deals rows out so that every centre gets `size` items: again and again, each centre in turn takes the nearest item that is
 * still there, the lower one of equals (SelectLLM, arXiv 2401.16553 §3.2, as its code has it). Items are the rows and, where
 * `centres × size` is more than there are, the first rows once more, numbered from `rows` up. Euclidean distances.
 * Walks the vectors once, and again whenever a centre has run out of candidates.
 */
export async function evenGroups(tiles: VectorTiles, options: EvenGroupsOptions): Promise<EvenGroups> {
  const { centroids, dimensions, rows, size, mostCandidates = 4_000_000 } = options
  const centres = centroids.length / dimensions
  const pool = centres * size
  if (pool < rows || pool - rows > rows) {
    throw new TypeError(`Expected ${centres} centres of ${size} to take ${rows} rows once, and none thrice`)
  }
  const taken = new Uint8Array(pool)
  const held = Math.max(1, Math.min(pool, Math.floor(mostCandidates / centres)))
  const items = new Int32Array(pool)
  const distances = new Float64Array(pool)
  let nearest: Candidates | undefined
  for (let turn = 0; turn < size; turn++) {
    for (let centre = 0; centre < centres; centre++) {
      let found = nearest?.next(centre, taken)
      if (found === undefined) {
        nearest = await nearestLeft(tiles, { centroids, dimensions, rows, pool, held }, taken)
        found = nearest.next(centre, taken)!
      }
      taken[found.item] = 1
      items[centre * size + turn] = found.item
      distances[centre * size + turn] = Math.sqrt(found.squared)
    }
  }
  return { items, distances }
}

type Candidate = { readonly item: number; readonly squared: number }
type Candidates = {
  /** The nearest of the centre's candidates that is not taken; `undefined` when there is none left. */
  next(centre: number, taken: Uint8Array): Candidate | undefined
}

type Walk = Pick<EvenGroupsOptions, 'centroids' | 'dimensions' | 'rows'> & { pool: number; held: number }

/** The `held` nearest items of each centre among those not taken. */
async function nearestLeft(tiles: VectorTiles, walk: Walk, taken: Uint8Array): Promise<Candidates> {
  const { centroids, dimensions, rows, pool, held } = walk
  const heaps = Array.from({ length: centroids.length / dimensions }, () => createHeap(held))
  let row = 0
  for await (const tile of tiles()) {
    for (let at = 0; at < tile.length; at += dimensions, row++) {
      const again = row + rows
      const isLeft = taken[row] === 0
      const isLeftAgain = again < pool && taken[again] === 0
      if (!isLeft && !isLeftAgain) continue
      for (let centre = 0; centre < heaps.length; centre++) {
        const squared = squaredDistance(tile, at, centroids, centre * dimensions, dimensions)
        if (isLeft) heaps[centre]!.offer(row, squared)
        if (isLeftAgain) heaps[centre]!.offer(again, squared)
      }
    }
  }
  const sorted = heaps.map((heap) => heap.sorted())
  const places = new Int32Array(sorted.length)
  return {
    next(centre, now) {
      const candidates = sorted[centre]!
      while (places[centre]! < candidates.items.length) {
        const place = places[centre]!++
        const item = candidates.items[place]!
        if (now[item] === 0) return { item, squared: candidates.squared[place]! }
      }
      return undefined
    },
  }
}

/** In double precision, as the published code's: a near tie decides which query an item goes to. */
function squaredDistance(a: Float32Array, atA: number, b: Float32Array, atB: number, dimensions: number): number {
  let sum = 0
  for (let i = 0; i < dimensions; i++) {
    const difference = a[atA + i]! - b[atB + i]!
    sum += difference * difference
  }
  return sum
}

/** The `size` least of what is offered, the farthest on top; the earlier item of equals is the lesser. */
function createHeap(size: number) {
  let items = new Int32Array(Math.min(size, 1024))
  let squared = new Float64Array(items.length)
  let count = 0
  const isFarther = (a: number, b: number) =>
    squared[a]! > squared[b]! || (squared[a] === squared[b] && items[a]! > items[b]!)
  const swap = (a: number, b: number) => {
    const [item, distance] = [items[a]!, squared[a]!]
    items[a] = items[b]!
    squared[a] = squared[b]!
    items[b] = item
    squared[b] = distance
  }
  const rise = (from: number) => {
    for (let at = from; at > 0; ) {
      const parent = (at - 1) >> 1
      if (!isFarther(at, parent)) return
      swap(at, parent)
      at = parent
    }
  }
  const sink = () => {
    for (let at = 0; ; ) {
      let top = at
      for (const child of [2 * at + 1, 2 * at + 2]) if (child < count && isFarther(child, top)) top = child
      if (top === at) return
      swap(at, top)
      at = top
    }
  }
  const grow = () => {
    const length = Math.min(size, 2 * items.length)
    const [moreItems, moreSquared] = [new Int32Array(length), new Float64Array(length)]
    moreItems.set(items)
    moreSquared.set(squared)
    items = moreItems
    squared = moreSquared
  }
  return {
    offer(item: number, distance: number) {
      if (count === size) {
        if (distance > squared[0]! || (distance === squared[0] && item > items[0]!)) return
        items[0] = item
        squared[0] = distance
        sink()
        return
      }
      if (count === items.length) grow()
      items[count] = item
      squared[count] = distance
      rise(count++)
    },
    sorted(): { items: Int32Array; squared: Float64Array } {
      const order = Array.from({ length: count }, (_, at) => at).sort(
        (a, b) => squared[a]! - squared[b]! || items[a]! - items[b]!,
      )
      return {
        items: Int32Array.from(order, (at) => items[at]!),
        squared: Float64Array.from(order, (at) => squared[at]!),
      }
    },
  }
}
