import { rougeF } from './rouge.js'
import type { TokenStore } from './token-store.js'

/** Which texts may be above the threshold with another: those that share a token of both prefixes. */
export type PrefixPostings = {
  /** Calls `visit` with the number of each text that may be above the threshold with these tokens, once. */
  candidates(asked: Int32Array, visit: (entry: number) => void): void
  /** Takes in the last text of the store; `vocabulary` is above every token so far. */
  add(entry: number, vocabulary: number): void
}

/** Texts at which ranks are first made anew; then each time there are twice as many. */
const firstRanking = 256

/** The rank of a token that no text has: before all others. */
const unknown = -(2 ** 31)

/**
 * The index of a prefix-filter join. Two texts of m and n tokens that share `L` of them, in any order, share one among
 * the m − L + 1 rarest of the one and the n − L + 1 rarest of the other; so only those are looked up. Ranks by frequency
 * are made anew as the store doubles: a rank decides what is compared, never what is found.
 */
export function createPrefixPostings(threshold: number, texts: TokenStore): PrefixPostings {
  const shortest = createShortestAlike(threshold)
  let ranks: Int32Array = new Int32Array(1024)
  /** The token of each rank from 0 up; a token newer than the ranking has the rank -token - 1. */
  let byRank: readonly number[] = []
  let ranked = 0
  let nextRanking = firstRanking
  /** By token: a text and the token's place in its order, in turn. */
  let postings: number[][] = []
  let seen: Int32Array = new Int32Array(1024)
  let turn = 0

  /** Calls `visit` with each token of the prefix, rarest first, and its place; unknown ones only take a place. */
  const eachOfPrefix = (tokens: Int32Array, visit: (token: number, place: number) => void) => {
    const least = shortest(tokens.length)
    if (least === undefined) return
    const order = tokens.map((token) => (token < 0 ? unknown : ranks[token]!)).sort()
    for (let place = 0; place <= tokens.length - least; place++) {
      const rank = order[place]!
      if (rank === unknown || (place > 0 && rank === order[place - 1])) continue
      visit(rank < 0 ? -rank - 1 : byRank[rank]!, place)
    }
  }
  const post = (entry: number) => {
    eachOfPrefix(texts.tokens.subarray(texts.start(entry), texts.start(entry + 1)), (token, place) => {
      postings[token] ??= []
      postings[token].push(entry, place)
    })
  }
  const rankNew = (vocabulary: number) => {
    ranks = atLeast(ranks, vocabulary)
    for (; ranked < vocabulary; ranked++) ranks[ranked] = -ranked - 1
  }
  const rankAll = () => {
    const counts = new Int32Array(ranked)
    for (let at = 0; at < texts.start(texts.size); at++) counts[texts.tokens[at]!]!++
    byRank = Array.from(counts.keys()).sort((a, b) => counts[a]! - counts[b]! || a - b)
    for (const [rank, token] of byRank.entries()) ranks[token] = rank
    postings = []
    for (let entry = 0; entry < texts.size; entry++) post(entry)
  }
  return {
    candidates(asked, visit) {
      turn++
      const m = asked.length
      eachOfPrefix(asked, (token, place) => {
        const posted = postings[token]
        if (posted === undefined) return
        for (let at = 0; at < posted.length; at += 2) {
          const entry = posted[at]!
          if (seen[entry] === turn) continue
          seen[entry] = turn
          const n = texts.start(entry + 1) - texts.start(entry)
          // It is the rarest shared token: all that is shared stands at or after it in both orders.
          const mostShared = Math.min(m - place, n - posted[at + 1]!)
          if (2 * mostShared >= threshold * (m + n) - 1e-6) visit(entry)
        }
      })
    },
    add(entry, vocabulary) {
      rankNew(vocabulary)
      seen = atLeast(seen, entry + 1)
      if (texts.size === nextRanking) {
        nextRanking *= 2
        rankAll()
      } else post(entry)
    },
  }
}

/** The fewest tokens with which a text can be above the threshold with one of `m`; as many must then be shared. */
function createShortestAlike(threshold: number): (m: number) => number | undefined {
  const known: (number | undefined)[] = [undefined]
  return (m) => {
    for (let next = known.length; next <= m; next++) {
      // All n of the shorter text shared: F grows with n, and with m the least n never falls.
      let n = known[next - 1] ?? 1
      while (n <= next && !(rougeF(n, next, n) > threshold)) n++
      known.push(n > next ? undefined : n)
    }
    return known[m]
  }
}

function atLeast(array: Int32Array, length: number): Int32Array {
  if (array.length >= length) return array
  const larger = new Int32Array(2 * length)
  larger.set(array)
  return larger
}
