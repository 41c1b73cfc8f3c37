import { existsSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import {
  cleanInstruction,
  cutAtGap,
  duplicatedLine,
  kunInstructionFilter,
  kunOutputFilter,
  trimBlankEnd,
} from '../../src/filters/kun.js'
import type { Reason } from '../../src/stream/keep.js'
import { anyRepetition, prefixRepetition } from '../../src/text/repetition.js'
import { codePointLength } from '../../src/text/words.js'

type Case = { text: string; hit: boolean; unit: string | null; text_out: string }
const recorded = JSON.parse(
  readFileSync(new URL('../../fixtures/values/kun_rules_conformance.json', import.meta.url), 'utf8'),
) as Record<string, Case[]> & { instruction_keywords: string[]; output_keywords: string[] }
const cases = (name: string) => recorded[name]!.map((each) => [each.text, each] as const)

describe("Kun's published rules", () => {
  it.each(cases('prefix_repetition_threshold5'))('find what %j begins with again and again', (text, { hit, unit }) => {
    expect(prefixRepetition(text, 5)).toBe(hit ? unit : undefined)
  })

  it.each(cases('anywhere_repetition_threshold5_unused'))('find what is repeated in %j', (text, { hit, unit }) => {
    expect(anyRepetition(text, 5)).toBe(hit ? unit : undefined)
  })

  it.each(cases('long_gap_cut'))('cut %j at its long gap', (text, { hit, text_out }) => {
    expect(cutAtGap(text)).toBe(hit ? text_out : undefined)
  })

  it.each(cases('dup_line_collapse'))('find the longest line that is twice in %j', (text, { hit, text_out }) => {
    expect(duplicatedLine(text)).toBe(hit ? text_out : undefined)
  })

  it.each(cases('rstrip_space_newline'))('trim the end of %j', (text, { text_out }) => {
    expect(trimBlankEnd(text)).toBe(text_out)
  })

  it('reject every recorded keyword', () => {
    for (const word of recorded.instruction_keywords) {
      expect(kunInstructionFilter('zh')(`请说明${word}的作用。`)).toEqual({
        reason: 'keyword in the instruction',
        detail: word,
      })
    }
    for (const word of recorded.output_keywords) {
      expect(kunOutputFilter({ language: 'zh' })(`${word}，这里有一个足够长的回答，一共二十多个字。`)).toEqual({
        reason: 'keyword in the output',
        detail: word,
      })
    }
  })
})

describe("Kun's rules in the flow", () => {
  const judge = kunOutputFilter({ language: 'zh' })

  it('count code points, of which an output needs 20', () => {
    expect(judge('甲乙丙丁戊己庚辛壬癸子丑寅卯辰巳午未申')).toBe('output shorter than 20 characters')
    expect(judge('甲乙丙丁戊己庚辛壬癸子丑寅卯辰巳午未申酉')).toBeUndefined()
    expect(judge('😀甲乙丙丁戊己庚辛壬癸子丑寅卯辰巳午未申')).toBeUndefined()
  })

  it('look for repetition at the start, or anywhere if asked to', () => {
    const late = `先说几句话。${'好的'.repeat(6)}，谢谢各位。`
    expect(judge(late)).toBeUndefined()
    expect(kunOutputFilter({ language: 'zh', repetition: 'anywhere' })(late)).toEqual({
      reason: 'output repeats itself',
      detail: '好的',
    })
  })

  it('reduce an instruction to the line it begins with, and let one go that begins with another', () => {
    expect(cleanInstruction('什么是税？\n\n什么是税？')).toBe('什么是税？')
    expect(cleanInstruction('甲\n乙\n甲\n乙乙\n乙乙')).toBeUndefined()
    expect(cleanInstruction('什么是民法？     什么是')).toBe('什么是民法？')
    expect(cleanInstruction('什么是税？')).toBe('什么是税？')
  })

  it('have English word lists, whole words in any case', () => {
    expect(kunInstructionFilter('en')('Summarise the Article below')).toMatchObject({ detail: 'Article' })
    expect(kunInstructionFilter('en')('What is a particle?')).toBeUndefined()
    const english = kunOutputFilter({ language: 'en' })
    expect(english('As an AI, I know no bread of that kind.')).toMatchObject({ detail: 'As an AI' })
    expect(english('Bread is baked in a hot oven.')).toBeUndefined()
  })
})

const rows = new URL('../../../shared/data/kun/question-1000.jsonl', import.meta.url)
it.skipIf(!existsSync(rows))('hit as many of 1,000 real Chinese rows as the README says (needs ../shared)', () => {
  const real = readFileSync(rows, 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { instruction: string; output: string })
  const isKeyword = (reason: Reason | undefined) => typeof reason === 'object' && reason.reason.startsWith('keyword')
  expect({
    rows: real.length,
    instructionKeywords: real.filter(({ instruction }) => kunInstructionFilter('zh')(instruction)).length,
    outputKeywords: real.filter(({ output }) => isKeyword(kunOutputFilter({ language: 'zh' })(output))).length,
    shortOutputs: real.filter(({ output }) => codePointLength(output) < 20).length,
    repeatedAtTheStart: real.filter(({ output }) => prefixRepetition(output, 5)).length,
    repeatedAnywhere: real.filter(({ output }) => anyRepetition(output, 5)).length,
    cleaned: real.filter(({ instruction }) => cleanInstruction(instruction) !== instruction).length,
  }).toEqual({
    rows: 1000,
    instructionKeywords: 130,
    outputKeywords: 135,
    shortOutputs: 3,
    repeatedAtTheStart: 0,
    repeatedAnywhere: 1,
    cleaned: 0,
  })
})
