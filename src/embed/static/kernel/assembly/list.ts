// The pieces of the text at hand, summed block by block so that a text of any length takes the same room.

import { blockPieces, ids } from './layout'
import { addBlock, clearTotal } from './pool'

/** Ids waiting to be summed, and how many were summed before them. */
export let waiting: i32 = 0
let summed: i32 = 0
/** Most pieces of a text that count. */
export let maxPieces: i32 = 512

export function startList(most: i32): void {
  maxPieces = most
  waiting = 0
  summed = 0
  clearTotal()
}

/** Where the next id goes. */
// @ts-ignore: decorator
@inline
export function listEnd(): usize {
  return ids + (<usize>waiting << 1)
}

// @ts-ignore: decorator
@inline
export function advance(count: i32): void {
  waiting += count
}

// @ts-ignore: decorator
@inline
export function isFull(): bool {
  return waiting >= maxPieces - summed
}

/** Sums whole blocks; the ids behind them move to the front. */
export function settleBlocks(): void {
  while (waiting >= blockPieces) {
    const count = min(blockPieces, maxPieces - summed)
    addBlock(ids, count)
    waiting -= blockPieces
    summed += count
    if (summed == maxPieces) waiting = 0
    memory.copy(ids, ids + (<usize>blockPieces << 1), <usize>waiting << 1)
  }
}

/** Sums what is left, up to the most that count. */
export function settleRest(): void {
  settleBlocks()
  const count = min(waiting, maxPieces - summed)
  if (count > 0) addBlock(ids, count)
}
