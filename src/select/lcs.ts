/** One sequence of token numbers held against many others. */
export type SubsequenceLength = {
  /** Sets the sequence to compare with; numbers below 0 match nothing. It must stay as it is until the next. */
  hold(sequence: Int32Array): void
  /** Length of the longest common subsequence of the held one and `tokens[start..end)`; its numbers are 0 or more. */
  against(tokens: Int32Array, start: number, end: number): number
}

const wordBits = 32

/**
 * Longest common subsequences by bit-parallel rows (Hyyrö, "Bit-parallel LCS-length computation revisited", 2004): a
 * machine word holds 32 places of the held sequence, so a comparison takes ⌈m/32⌉ · n steps, and memory for the masks of
 * one word alone. `vocabulary` tells the number above every token that may come.
 */
export function createSubsequenceLength(vocabulary: () => number): SubsequenceLength {
  let masks = new Int32Array(1024)
  let held = new Int32Array(0)
  let marked = 0
  let carries = new Uint8Array(256)
  const clear = () => {
    for (let place = marked; place < Math.min(marked + wordBits, held.length); place++) {
      if (held[place]! >= 0) masks[held[place]!] = 0
    }
  }
  const mark = (from: number) => {
    marked = from
    const to = Math.min(from + wordBits, held.length)
    for (let place = from; place < to; place++) {
      if (held[place]! >= 0) masks[held[place]!]! |= 1 << (place - from)
    }
  }
  return {
    hold(sequence) {
      clear()
      if (masks.length < vocabulary()) {
        masks = new Int32Array(2 * vocabulary())
      }
      held = sequence as Int32Array<ArrayBuffer>
      mark(0)
    },
    against(tokens, start, end) {
      if (masks.length < vocabulary()) {
        const larger = new Int32Array(2 * vocabulary())
        larger.set(masks)
        masks = larger
      }
      if (held.length <= wordBits) return oneWord(masks, tokens, start, end)
      if (carries.length < end - start) carries = new Uint8Array(2 * (end - start))
      carries.fill(0, 0, end - start)
      let length = 0
      for (let from = 0; from < held.length; from += wordBits) {
        clear()
        mark(from)
        length += nextWord(masks, tokens, start, end, carries)
      }
      return length
    },
  }
}

/** Bits of `row` that are 0 are matched places; the number of them is the length. */
function oneWord(masks: Int32Array, tokens: Int32Array, start: number, end: number): number {
  let row = -1
  for (let at = start; at < end; at++) {
    const matches = row & masks[tokens[at]!]!
    row = (row + matches) | (row & ~matches)
  }
  return ones(~row)
}

/** The same for a word of several: `carries` holds for every token the carry out of the word before, and then of this. */
function nextWord(masks: Int32Array, tokens: Int32Array, start: number, end: number, carries: Uint8Array): number {
  let row = -1
  for (let at = start; at < end; at++) {
    const matches = row & masks[tokens[at]!]!
    const sum = (row + matches + carries[at - start]!) | 0
    carries[at - start] = (matches | (row & ~sum)) >>> 31
    row = sum | (row & ~matches)
  }
  return ones(~row)
}

function ones(word: number): number {
  let bits = word - ((word >>> 1) & 0x55555555)
  bits = (bits & 0x33333333) + ((bits >>> 2) & 0x33333333)
  return Math.imul((bits + (bits >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24
}
