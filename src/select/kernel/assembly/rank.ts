// The best two scores of a row so far, in 64 bytes: four lanes of the best, of its index, and of the second best, then
// four times the bar: the second best of all, which a score must exceed to change anything. pmax and pmin are one
// instruction each, where max and min take eight to treat a NaN, of which there is none.

export const stateBytes: usize = 64

/** Centroids after which few scores come above the bar, so that looking is cheaper than ranking. */
const settled = 128

/** A row's best score, the lowest index that has it, and the second best: what `settle` found last. */
export let best: f32 = 0
export let second: f32 = 0
export let index: i32 = 0

/** Takes in the scores of the eight centroids from `first` up. Lanes are centroids, so no lane waits for another. */
// @ts-ignore: decorator
@inline
export function rank(state: usize, low: v128, high: v128, first: i32): void {
  const most = f32x4.pmax(low, high)
  if (first >= settled && !v128.any_true(f32x4.gt(most, v128.load(state, 48)))) return
  const indices = i32x4.add(i32x4.splat(first), i32x4(0, 1, 2, 3))
  const index = v128.bitselect(i32x4.add(indices, i32x4.splat(4)), indices, f32x4.gt(high, low))
  const held = v128.load(state)
  const next = f32x4.pmax(f32x4.pmax(v128.load(state, 32), f32x4.pmin(low, high)), f32x4.pmin(most, held))
  v128.store(state, f32x4.pmax(most, held))
  v128.store(state, v128.bitselect(index, v128.load(state, 16), f32x4.gt(most, held)), 16)
  v128.store(state, next, 32)
  if (first >= settled - 8) v128.store(state, bar(f32x4.pmax(most, held), next), 48)
}

/** The second best of four lanes' best and second best, in every lane. */
function bar(held: v128, next: v128): v128 {
  const turned = v128.shuffle<i32>(held, held, 1, 0, 3, 2)
  const high = f32x4.pmax(held, turned)
  const low = f32x4.pmin(held, turned)
  const second = f32x4.pmax(
    f32x4.pmin(high, v128.shuffle<i32>(high, high, 2, 3, 0, 1)),
    f32x4.pmax(low, v128.shuffle<i32>(low, low, 2, 3, 0, 1)),
  )
  const pairs = f32x4.pmax(next, v128.shuffle<i32>(next, next, 1, 0, 3, 2))
  return f32x4.pmax(second, f32x4.pmax(pairs, v128.shuffle<i32>(pairs, pairs, 2, 3, 0, 1)))
}

/** Makes the states of four rows ready. */
export function clear(state: usize): void {
  for (let row = 0; row < 4; row++, state += stateBytes) {
    v128.store(state, f32x4.splat(-Infinity))
    v128.store(state, i32x4.splat(0), 16)
    v128.store(state, f32x4.splat(-Infinity), 32)
    v128.store(state, f32x4.splat(-Infinity), 48)
  }
}

/** Brings the four lanes of a state together, in `best`, `second` and `index`. */
export function settle(state: usize): void {
  best = -Infinity
  second = -Infinity
  index = 0
  for (let lane: usize = 0; lane < 16; lane += 4) {
    const score = f32.load(state + lane)
    const at = i32.load(state + lane, 16)
    if (score > best || (score == best && at < index)) {
      second = max(second, best)
      best = score
      index = at
    } else {
      second = max(second, score)
    }
    second = max(second, f32.load(state + lane, 32))
  }
}
