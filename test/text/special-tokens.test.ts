import { describe, expect, it } from 'vitest'
import { trimSpecialTokens } from '../../src/text/special-tokens.js'

describe('trimSpecialTokens', () => {
  it.each([
    ['Yes.<|endoftext|>', 'Yes.'],
    ['<s> Yes. </s>\n', 'Yes.'],
    ['<|im_start|>Yes.<|im_end|>\n<|endoftext|>', 'Yes.'],
    ['<|endoftext|>', ''],
    ['No <|endoftext|> end.', 'No <|endoftext|> end.'],
    ['a <b>', 'a <b>'],
  ])('makes of %j %j', (text, expected) => {
    expect(trimSpecialTokens(text)).toBe(expected)
  })
})
