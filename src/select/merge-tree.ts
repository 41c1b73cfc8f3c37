/** Two rows, or two parts of a tree, joined at a distance. */
export type Merge = { readonly a: number; readonly b: number; readonly distance: number }

/**
 * The tree of single linkage that the edges of a spanning tree make, the shortest edge first: merge n is node `rows` + n, of
 * `size` rows, and joins nodes `a` and `b`; a node below `rows` is a row.
 */
export function mergeTree(edges: readonly Merge[], rows: number): (Merge & { readonly size: number })[] {
  const parents = Uint32Array.from({ length: 2 * rows }, (_, node) => node)
  const sizes = new Uint32Array(2 * rows).fill(1)
  const top = (given: number) => {
    let node = given
    while (parents[node] !== node) {
      parents[node] = parents[parents[node]!]!
      node = parents[node]!
    }
    return node
  }
  return [...edges]
    .sort((one, other) => one.distance - other.distance || one.a - other.a || one.b - other.b)
    .map(({ a: left, b: right, distance }, n) => {
      const [a, b] = [top(left), top(right)]
      const node = rows + n
      parents[a] = node
      parents[b] = node
      sizes[node] = sizes[a]! + sizes[b]!
      return { a, b, distance, size: sizes[node]! }
    })
}
