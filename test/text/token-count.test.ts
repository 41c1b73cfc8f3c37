import { describe, expect, it } from 'vitest'
import { estimateTokens } from '../../src/text/token-count.js'

// Texts of our own, counted with the o200k_base vocabulary (gpt-tokenizer 3).
const counted: readonly (readonly [language: string, tokens: number, text: string])[] = [
  [
    'English',
    79,
    'The harbour was built in 1874, when the railway reached the coast. Ships from the islands brought grain, wool and timber, and took coal home. After the war most of that trade moved to larger ports, so the town turned its warehouses into workshops and, later, into homes. Anyone who walks along the quay today can still read the names of the old companies above the doors.',
  ],
  [
    'TypeScript',
    50,
    'export function pick(rows: readonly Row[], wanted: number): Row[] {\n  const every = Math.max(1, rows.length / wanted)\n  return Array.from({ length: wanted }, (_, n) => rows[Math.floor(n * every)])\n}\n',
  ],
  [
    'Chinese',
    101,
    '港口建于一八七四年，那时铁路刚刚通到海边。来自各个岛屿的船只运来粮食、羊毛和木材，再把煤炭带回去。战争结束以后，大部分贸易转移到了更大的港口，于是小镇把仓库改成了作坊，后来又改成了住宅。今天沿着码头散步的人，仍然可以读到门上那些老公司的名字。',
  ],
  [
    'German',
    58,
    'Der Hafen wurde 1874 gebaut, als die Eisenbahn die Küste erreichte. Schiffe von den Inseln brachten Getreide, Wolle und Holz und nahmen Kohle mit nach Hause. Nach dem Krieg zog der größte Teil dieses Handels in größere Häfen um.',
  ],
  [
    'Russian',
    63,
    'Гавань была построена в 1874 году, когда железная дорога дошла до побережья. Корабли с островов привозили зерно, шерсть и лес, а обратно увозили уголь. После войны торговля ушла в более крупные порты.',
  ],
]

describe('estimateTokens', () => {
  it.each(counted)('comes within 15 %% of a large vocabulary for %s', (_language, tokens, text) => {
    expect(estimateTokens(text)).toBeGreaterThan(0.85 * tokens)
    expect(estimateTokens(text)).toBeLessThan(1.15 * tokens)
  })

  it('grows with the text and is nothing for none', () => {
    expect(estimateTokens('')).toBe(0)
    const once = estimateTokens(counted[0]![2])
    expect(estimateTokens(counted[0]![2].repeat(50))).toBeGreaterThan(49 * once)
  })
})
