import type { Library, Tensor, Tokenizer } from './library.js'

/** What a model takes of a text. */
export type Inputs = Record<string, Tensor>

/** A token is rarely of more characters, and a text of more for each token is cut before it is read: megabytes take seconds. */
const mostCharacters = 100

/**
 * A tokenizer that keeps of a long text its first tokens and those that end every text, as Python's does: the library's own
 * cut takes the end away.
 */
export function cuttingTokenizer(
  { Tensor }: Pick<Library, 'Tensor'>,
  tokenizer: Tokenizer,
  most: number,
): (text: string) => Inputs {
  const tail = endingTokens(tokenizer)
  return (text) => {
    const inputs = tokenizer(text.slice(0, mostCharacters * most), { truncation: false })
    const cut = Object.entries(inputs).map(([name, tensor]) => {
      const ids = tensor.data as BigInt64Array
      if (ids.length <= most) return [name, tensor] as const
      const kept = new BigInt64Array(most)
      kept.set(ids.subarray(0, most - tail))
      kept.set(ids.subarray(ids.length - tail), most - tail)
      return [name, new Tensor('int64', kept, [1, most])] as const
    })
    return Object.fromEntries(cut)
  }
}

/** How many tokens the tokenizer puts after those of a text. */
function endingTokens(tokenizer: Tokenizer): number {
  const idsOf = (options: { add_special_tokens: boolean }) =>
    tokenizer('a', { truncation: false, ...options }).input_ids!.data as BigInt64Array
  const [whole, own] = [idsOf({ add_special_tokens: true }), idsOf({ add_special_tokens: false })]
  const first = whole.lastIndexOf(own.at(-1) ?? -1n)
  return first === -1 ? 0 : whole.length - 1 - first
}
