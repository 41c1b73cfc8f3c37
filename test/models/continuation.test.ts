import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { continuationStart } from '../../src/models/continuation.js'

describe('the start of a continuation among tokens', () => {
  it.each<[string, string[], number | undefined]>([
    ['is the first token after the prompt', ['The', ' sky', ' is', ' blue'], 3],
    ['passes over what begins a sequence', ['<s>', 'The', ' sky', ' is', ' blue'], 4],
    ['reads SentencePiece as it is stored', ['<s>', '▁The', '▁sky', '▁is', '▁blue'], 4],
    ['reads tokens that lost their space', ['The', 'sky', 'is', 'blue'], 3],
    ['counts a token on both sides as the continuation', ['The', ' sky', ' is bl', 'ue'], 2],
    ['is unknown where another text is spelt', ['The', ' sky', ' was', ' blue'], undefined],
    ['is unknown where the end is missing', ['The', ' sky', ' is'], undefined],
    ['is unknown where more follows', ['The', ' sky', ' is', ' blue', '!'], undefined],
    ['is unknown where a special token stands inside', ['The', ' sky', '</s>', ' is', ' blue'], undefined],
  ])('%s', (_, tokens, start) => {
    expect(continuationStart(tokens, 'The sky is', ' blue')).toBe(start)
  })

  it('is the first of all without a prompt, after what begins the sequence', () => {
    expect(continuationStart(['The', ' sky'], '', 'The sky')).toBe(0)
    expect(continuationStart(['<s>', 'The', ' sky'], '', 'The sky')).toBe(1)
  })

  it('reads bytes of a character in the forms that servers show', () => {
    expect(continuationStart(['<0xE4>', '<0xBD>', '<0xA0>', '好'], '你', '好')).toBe(3)
    expect(continuationStart([' �', '�', ' Good'], ' 😀', ' Good')).toBe(2)
  })

  it('is found however a text is cut into bytes, on a border between characters', () => {
    const letters = fc.constantFrom('a', 'b', ' ', '\n', 'é', '你', '好', '😀', '🧭')
    const texts = fc.array(letters, { minLength: 1, maxLength: 12 }).map((all) => all.join(''))
    fc.assert(
      fc.property(texts, texts, fc.infiniteStream(fc.integer({ min: 1, max: 5 })), (prompt, continuation, sizes) => {
        const cut = (text: string) => {
          const bytes = new TextEncoder().encode(text)
          const tokens: string[] = []
          for (let at = 0; at < bytes.length; ) {
            const end = at + sizes.next().value!
            tokens.push(new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes.subarray(at, end)))
            at = end
          }
          return tokens
        }
        const before = cut(prompt)
        const tokens = [...before, ...cut(continuation)]
        const start = continuationStart(tokens, prompt, continuation)!
        // Equal characters in parts on both sides have no border that can be told, so it may lie anywhere among the parts.
        const between = tokens.slice(Math.min(start, before.length), Math.max(start, before.length))
        expect(between.filter((token) => !token.includes('\ufffd'))).toEqual([])
      }),
      { numRuns: 500 },
    )
  })

  it('is not lured into long work by a token of nothing but parts', () => {
    expect(continuationStart(['\ufffd'.repeat(1_000_000)], 'a'.repeat(10_000), 'b')).toBeUndefined()
  })
})
