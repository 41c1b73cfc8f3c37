import { classBits, slotOf, type Trie } from '../trie.js'

/** A trie as assembly/layout.ts describes its `classes`, `nodes`, `roots` and `slots`. */
export type PackedTrie = {
  readonly classes: Uint16Array
  readonly nodes: Int32Array
  readonly roots: Int32Array
  readonly slots: Int32Array
}

const commonClasses = 30
const otherChildren = 1 << 31
const noPiece = 0xffff

/**
 * Lays a trie out so that most steps read one place and compare nothing: children by the 30 most common units lie one
 * after another, and a bit mask tells which there are. The others stay in a hash table.
 */
export function packTrie(trie: Trie, logProbabilities: Float64Array): PackedTrie {
  const classOf = rankClasses(trie)
  const { starts, classes, children } = edgesOf(trie, classOf)
  const roots = new Int32Array(trie.roots.length)
  for (const [old, node] of trie.roots.entries()) if (node !== 0) roots[classOf[old]!] = node

  // Nodes are numbered anew, level by level, from 1 up; `order[number]` is the old node.
  const numbers = new Int32Array(trie.pieceAt.length)
  const order = new Int32Array(trie.pieceAt.length)
  let placed = 1
  const place = (node: number) => {
    numbers[node] = placed
    order[placed++] = node
  }
  for (const node of roots) if (node !== 0) place(node)
  const nodes = new Int32Array(4 * trie.pieceAt.length)
  const slots = new Int32Array(2 * trie.keys.length)
  nodes.set([placed, 0, 0, noPiece])
  for (let number = 1; number < placed; number++) {
    const old = order[number]!
    const first = placed
    let bits = 0
    for (let edge = starts[old]!; edge < starts[old + 1]!; edge++) {
      const unitClass = classes[edge]!
      const node = children[edge]!
      place(node)
      if (unitClass <= commonClasses) bits |= 1 << unitClass
      else {
        bits |= otherChildren
        insert(slots, (number << classBits) | unitClass, numbers[node]!)
      }
    }
    const piece = trie.pieceAt[old]!
    const at = 4 * number
    nodes[at] = first
    nodes[at + 1] = piece < 0 ? 0 : Math.round(logProbabilities[piece]! * 10_000)
    nodes[at + 2] = bits
    nodes[at + 3] = piece < 0 ? noPiece : piece
  }
  return {
    classes: trie.classes.map((old) => classOf[old]!),
    nodes,
    roots: roots.map((node) => numbers[node]!),
    slots,
  }
}

/** New classes for the old: the more edges a class has the lower its number; 0 stays what is in no piece. */
function rankClasses({ keys, roots }: Trie): Uint16Array {
  const edges = new Int32Array(roots.length)
  const mask = roots.length - 1
  for (const key of keys) edges[key & mask]!++
  edges[0] = keys.length
  const ranked = Array.from(edges.keys()).sort((a, b) => edges[b]! - edges[a]! || a - b)
  const classOf = new Uint16Array(roots.length)
  for (const [rank, old] of ranked.entries()) classOf[old] = rank
  return classOf
}

/** The edges to the children of each old node, `starts[node]` up to `starts[node + 1]`, those of the lowest classes first. */
type Edges = { starts: Int32Array; classes: Uint16Array; children: Int32Array }

function edgesOf({ keys, nodes, pieceAt, roots }: Trie, classOf: Uint16Array): Edges {
  const mask = roots.length - 1
  const held = keys.length
  // Parent, class and slot in one number each: a sort of numbers is ten times as fast as one of objects.
  const sorted = Float64Array.from(keys, (key, slot) =>
    key === 0 ? -1 : ((key & ~mask) | classOf[key & mask]!) * held + slot,
  )
    .filter((edge) => edge >= 0)
    .sort()
  const starts = new Int32Array(pieceAt.length + 1)
  const classes = new Uint16Array(sorted.length)
  const children = new Int32Array(sorted.length)
  for (let edge = 0; edge < sorted.length; edge++) {
    const slot = sorted[edge]! % held
    const key = (sorted[edge]! - slot) / held
    classes[edge] = key & mask
    children[edge] = nodes[slot]!
    starts[(key >>> classBits) + 1]!++
  }
  for (let node = 0; node < pieceAt.length; node++) starts[node + 1]! += starts[node]!
  return { starts, classes, children }
}

function insert(slots: Int32Array, key: number, node: number): void {
  let slot = slotOf(key)
  while (slots[2 * slot] !== 0) slot = (slot + 1) & (slots.length / 2 - 1)
  slots[2 * slot] = key
  slots[2 * slot + 1] = node
}
