import type { Language } from '../ask/language.js'

/** What stands before the parts of tasks and examples in a language: as it is written, and as it is read in replies. */
export type Marks = {
  readonly task: string
  /** The question of the classification test. */
  readonly fixed: string
  readonly instruction: string
  readonly input: string
  readonly output: string
  /** Between a mark and what is written behind it. */
  readonly gap: string
  /** What Alpaca's records have in the place of an input that is not called for. */
  readonly noInput: string
  readonly reading: {
    readonly yes: RegExp
    readonly no: RegExp
    readonly example: RegExp
    readonly input: RegExp
    readonly output: RegExp
    readonly label: RegExp
    /** An input that says that there is none. */
    readonly noInput: RegExp
    /** What follows the number of a list's first item, where a reply repeats it. */
    readonly firstDot: string
    /** Where a list goes on with its next item. */
    readonly nextItem: RegExp
    /** What follows the number of a field in Alpaca's records, and the names of fields. */
    readonly recordDot: string
    readonly field: Readonly<Record<'instruction' | 'any', string>>
  }
}

/** English as the published code has it; Chinese with either colon, and with the marks that lists are numbered with there. */
export const marksOf: Readonly<Record<Language, Marks>> = {
  en: {
    task: 'Task: ',
    fixed: 'Fixed set of answers?',
    instruction: 'Instruction:',
    input: 'Input:',
    output: 'Output:',
    gap: ' ',
    noInput: '<noinput>',
    reading: {
      yes: /^yes(?![\p{L}\p{N}])/iu,
      no: /^no(?![\p{L}\p{N}])/iu,
      example: /Example\s?\p{Nd}*\.?/u,
      input: /Input\s*\p{Nd}*\s*:/u,
      output: /Output\s*\p{Nd}*\s*:/u,
      label: /Class label:/u,
      noInput: /^<noinput>$/iu,
      firstDot: '\\.(?=\\s)',
      nextItem: /\n\p{Nd}+\s?\. /u,
      recordDot: '\\.\\s+',
      field: { instruction: 'Instruction:', any: '(?:Instruction|Input|Output):' },
    },
  },
  zh: {
    task: '任务：',
    fixed: '答案是固定的几种吗？',
    instruction: '指令：',
    input: '输入：',
    output: '输出：',
    gap: '',
    noInput: '<无输入>',
    reading: {
      yes: /^是/u,
      no: /^(?:否|不是)/u,
      // A line of its own, since the word may well stand in an example; some models count in Chinese.
      example: /(?:^|\n)\s*示例\s?[\p{Nd}一二三四五]*[.．、:：]?/u,
      input: /输入\s*\p{Nd}*\s*[:：]/u,
      output: /输出\s*\p{Nd}*\s*[:：]/u,
      label: /类别标签\s*[:：]/u,
      noInput: /^[<＜‹〈《]?无(?:输入)?[>＞›〉》]?$/u,
      firstDot: '[.．、)）](?!\\p{Nd})',
      nextItem: /\n\s*[(（]?\p{Nd}+\s?[.．、)）](?!\p{Nd})/u,
      recordDot: '[.．、)）]\\s*',
      field: { instruction: '指令\\s*[:：]', any: '(?:指令|输入|输出)\\s*[:：]' },
    },
  },
}
