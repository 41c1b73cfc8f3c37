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
  const children = childrenOf(trie, classOf)
  const roots = new Int32Array(trie.roots.length)
  for (const [old, node] of trie.roots.entries()) if (node !== 0) roots[classOf[old]!] = node

  // Nodes are numbered anew, level by level, from 1 up; `order[number]` is the old node.
  const numbers = new Int32Array(trie.pieceAt.length)
  const order = [0]
  const place = (node: number) => {
    numbers[node] = order.length
    order.push(node)
  }
  for (const node of roots) if (node !== 0) place(node)
  const nodes = new Int32Array(4 * trie.pieceAt.length)
  const slots = new Int32Array(2 * trie.keys.length)
  for (let number = 0; number < order.length; number++) {
    const own = number === 0 ? [] : children[order[number]!]!
    const first = order.length
    let bits = 0
    for (const { unitClass, node } of own) {
      place(node)
      if (unitClass <= commonClasses) bits |= 1 << unitClass
      else {
        bits |= otherChildren
        insert(slots, (number << classBits) | unitClass, numbers[node]!)
      }
    }
    const piece = number === 0 ? -1 : trie.pieceAt[order[number]!]!
    const score = piece < 0 ? 0 : Math.round(logProbabilities[piece]! * 10_000)
    nodes.set([first, score, bits, piece < 0 ? noPiece : piece], 4 * number)
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

type Child = { unitClass: number; node: number }

/** The children of each old node, those of the lowest classes first. */
function childrenOf({ keys, nodes, pieceAt, roots }: Trie, classOf: Uint16Array): Child[][] {
  const children: Child[][] = Array.from(pieceAt, () => [])
  const mask = roots.length - 1
  for (const [slot, key] of keys.entries()) {
    if (key !== 0) children[key >>> classBits]!.push({ unitClass: classOf[key & mask]!, node: nodes[slot]! })
  }
  for (const own of children) own.sort((a, b) => a.unitClass - b.unitClass)
  return children
}

function insert(slots: Int32Array, key: number, node: number): void {
  let slot = slotOf(key)
  while (slots[2 * slot] !== 0) slot = (slot + 1) & (slots.length / 2 - 1)
  slots[2 * slot] = key
  slots[2 * slot + 1] = node
}
