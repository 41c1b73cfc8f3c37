import { createNoveltyIndex, type Neighbour } from '../../select/novelty.js'
import { uniform } from '../../text/hash.js'
import type { TokenKind } from '../../text/segment.js'
import type { Demonstration } from './bootstrap-prompt.js'
import type { SeedTask } from './seeds.js'

/** ROUGE-L F to any task of the pool beyond which a new one is none (arXiv 2212.10560 §2.2). */
const mostSimilar = 0.7

/** The tasks there are, by people and by the model, growing. */
export type Pool = {
  /** How many the model has added. */
  readonly grown: number
  /** Tasks to show for the request of that number: the more machine tasks there are, up to `machine`, the fewer by people. */
  draw(request: number, sizes: { all: number; machine: number }): Demonstration[]
  /** The task of the pool that a new one is too much like, if any; else it is taken in. */
  offer(id: string, instruction: string): Neighbour | undefined
}

/** A pool that begins with the seed tasks. Memory: the instructions, and the index of {@link createNoveltyIndex}. */
export function createPool(seeds: readonly SeedTask[], { seed, tokens }: { seed: number; tokens: TokenKind }): Pool {
  const index = createNoveltyIndex({ threshold: mostSimilar, tokens })
  for (const { id, instruction } of seeds) index.add(id, instruction)
  const grown: Demonstration[] = []
  return {
    get grown() {
      return grown.length
    },
    draw(request, { all, machine }) {
      const lot = (use: string) => uniform(seed, `request ${request}`, use)
      const machines = sample(grown, Math.min(machine, grown.length), (n) => lot(`machine ${n}`))
      const people = sample(seeds, Math.min(all - machines.length, seeds.length), (n) => lot(`seed ${n}`))
      return [...machines, ...people]
        .map((task, place) => ({ task, at: lot(`place ${place}`) }))
        .sort((a, b) => a.at - b.at)
        .map(({ task }) => task)
    },
    offer(id, instruction) {
      const near = index.duplicateOf(instruction)
      if (near !== undefined) return near
      index.add(id, instruction)
      grown.push({ instruction })
      return undefined
    },
  }
}

/** `size` items without repeats, by a shuffle of which only the first places are made. */
function sample<T>(items: readonly T[], size: number, lot: (n: number) => number): T[] {
  const moved = new Map<number, number>()
  return Array.from({ length: size }, (_, n) => {
    const at = n + Math.floor(lot(n) * (items.length - n))
    const drawn = moved.get(at) ?? at
    moved.set(at, moved.get(n) ?? n)
    return items[drawn]!
  })
}
