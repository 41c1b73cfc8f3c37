/** Token numbers of many texts end to end. */
export type TokenStore = {
  readonly size: number
  readonly tokens: Int32Array
  /** Where the tokens of a text begin; those of text `n` end where those of `n + 1` begin. */
  start(entry: number): number
  push(tokens: Int32Array): void
}

/** Makes an empty store; it grows by doubling. */
export function createTokenStore(): TokenStore {
  let tokens = new Int32Array(1024)
  const starts = [0]
  return {
    get size() {
      return starts.length - 1
    },
    get tokens() {
      return tokens
    },
    start: (entry) => starts[entry]!,
    push(added) {
      const at = starts.at(-1)!
      if (at + added.length > tokens.length) {
        const larger = new Int32Array(2 * (at + added.length))
        larger.set(tokens)
        tokens = larger
      }
      tokens.set(added, at)
      starts.push(at + added.length)
    },
  }
}
