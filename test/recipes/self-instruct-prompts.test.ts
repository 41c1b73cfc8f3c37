import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { selfInstructFilter } from '../../src/filters/self-instruct.js'
import type { Language } from '../../src/recipes/ask/language.js'
import { parseTasks } from '../../src/recipes/self-instruct/alpaca-prompt.js'
import { bootstrapPrompt, numberedList, parseInstructions } from '../../src/recipes/self-instruct/bootstrap-prompt.js'
import {
  classifyDemonstrationsZh,
  inputFirstDemonstrationsZh,
  outputFirstDemonstrationsZh,
} from '../../src/recipes/self-instruct/chinese-demonstrations.js'
import { classifyDemonstrations, classifyPrompt } from '../../src/recipes/self-instruct/classify-prompt.js'
import {
  inputFirstDemonstrations,
  instancesPrompt,
  outputFirstDemonstrations,
} from '../../src/recipes/self-instruct/instance-prompts.js'
import { judgeInstances, parseClassification, parseGeneration } from '../../src/recipes/self-instruct/instances.js'
import { marksOf } from '../../src/recipes/self-instruct/marks.js'
import { createPool } from '../../src/recipes/self-instruct/pool.js'
import { selfInstructTexts } from '../../src/recipes/self-instruct/prompts.js'
import { bundledSeeds, type SeedTask, seedTasks } from '../../src/recipes/self-instruct/seeds.js'
import { createNoveltyIndex } from '../../src/select/novelty.js'
import { collect } from '../laws.js'

const values = <T>(name: string): T =>
  JSON.parse(readFileSync(new URL(`../../fixtures/values/${name}`, import.meta.url), 'utf8'))
const seeds = (language: Language): Promise<SeedTask[]> =>
  collect(seedTasks([{ name: 'seeds', path: bundledSeeds[language], format: 'jsonl', bytes: 1, modifiedMs: 0 }]))

describe.each([
  ['en', 70],
  ['zh', 68],
] as const)('the bundled seed tasks (%s)', (language, withoutInput) => {
  it('are 175, 26 of them classifications, each with an instance, and pass the rules for new ones', async () => {
    const tasks = await seeds(language)
    expect(tasks).toHaveLength(175)
    expect(new Set(tasks.map(({ id }) => id)).size).toBe(175)
    expect(tasks.filter(({ isClassification }) => isClassification)).toHaveLength(26)
    expect(tasks.filter(({ instances }) => instances[0]!.input === '')).toHaveLength(withoutInput)
    const judge = selfInstructFilter({ language })
    for (const { id, instruction, instances } of tasks) {
      expect([id, judge(instruction)]).toEqual([id, undefined])
      expect(judgeInstances(instances, { seed: 0, id })).toEqual([{ ...instances[0], place: 0 }])
    }
  })

  it('are new to one another, no two over ROUGE-L 0.7', async () => {
    const index = createNoveltyIndex({ tokens: language === 'en' ? 'ascii' : 'words' })
    for (const { id, instruction } of await seeds(language)) {
      expect([id, index.duplicateOf(instruction)]).toEqual([id, undefined])
      index.add(id, instruction)
    }
  })
})

describe.each([
  [
    'en',
    { classify: classifyDemonstrations, inputFirst: inputFirstDemonstrations, outputFirst: outputFirstDemonstrations },
  ],
  [
    'zh',
    {
      ...{ classify: classifyDemonstrationsZh, inputFirst: inputFirstDemonstrationsZh },
      outputFirst: outputFirstDemonstrationsZh,
    },
  ],
] as const)('the demonstrations (%s)', (language, { classify, inputFirst, outputFirst }) => {
  const { task: mark, reading } = marksOf[language]
  const blocks = (text: string) => text.split(mark).slice(1)
  const bodies = (text: string) => blocks(text).map((task) => task.slice(task.indexOf('\n')))
  const times = (text: string, what: RegExp) => text.match(new RegExp(what.source, 'gu'))?.length ?? 0

  it('of the classification test are 12 that are and 19 that are not', () => {
    const answers = classify.map(([, answer]) => answer)
    expect(answers.filter((answer) => reading.yes.test(answer))).toHaveLength(12)
    expect(answers.filter((answer) => reading.no.test(answer))).toHaveLength(19)
    expect(new Set(classify.map(([task]) => task)).size).toBe(31)
  })

  it('of instances are 11 tasks input first and 16 output first, as many examples each as published', () => {
    expect(blocks(inputFirst)).toHaveLength(11)
    expect(times(inputFirst, reading.example)).toBe(11)
    expect(blocks(inputFirst).filter((task) => times(task, reading.example) === 0)).toHaveLength(4)
    const labels = blocks(outputFirst).map((task) => times(task, reading.label))
    expect(labels).toEqual([3, 2, 2, 2, 2, 2, 4, 2, 3, 2, 2, 2, 1, 2, 2, 1])
  })

  it('of instances can be read by the readers of replies', () => {
    expect(bodies(inputFirst).flatMap((task) => parseGeneration(task, { language }))).toHaveLength(15)
    expect(bodies(outputFirst).flatMap((task) => parseClassification(task, { language }))).toHaveLength(34)
  })
})

describe.each([
  ['turns', 'en'],
  ['list', 'en'],
  ['turns', 'zh'],
  ['list', 'zh'],
] as const)('a question that shows them as %s (%s)', (form, language) => {
  const classify = classifyPrompt(selfInstructTexts, { strict: false, form, language })
  const instances = instancesPrompt(selfInstructTexts, { form, language })
  const { task: mark, fixed } = marksOf[language]
  const [asked, shownAs] = language === 'en' ? ['Name a tree:', 'Name a tree'] : ['说出一种树：', '说出一种树']
  const questions = [
    [31, classify.write({ instruction: asked })],
    [11, instances.write({ instruction: asked, isClassification: false })],
    [16, instances.write({ instruction: asked, isClassification: true })],
  ] as const

  it('ends with the task itself, behind every demonstration', () => {
    for (const [shown, messages] of questions) {
      const { content } = messages.at(-1)!
      const end = content.slice(content.lastIndexOf(mark))
      expect([`${mark}${shownAs}`, `${mark}${shownAs}\n${fixed}`]).toContain(end)
      const all = messages.map((message) => message.content).join('\n')
      expect(all.match(new RegExp(`^${mark}`, 'gm'))).toHaveLength(shown + 1)
    }
  })

  it('has a turn of either side for each, or one turn for all', () => {
    for (const [shown, messages] of questions) {
      const turns = Array.from({ length: shown }, () => ['user', 'assistant']).flat()
      expect(messages.map(({ role }) => role)).toEqual(form === 'list' ? ['user'] : ['system', ...turns, 'user'])
    }
  })
})

it.each(['en', 'zh'] as const)('reads back what every demonstration is answered by (%s)', (language) => {
  const prompt = instancesPrompt(selfInstructTexts, { form: 'turns', language })
  for (const [isClassification, count] of [
    [false, 15],
    [true, 34],
  ] as const) {
    const task = { instruction: 'x', isClassification }
    const replies = prompt.write(task).filter(({ role }) => role === 'assistant')
    const read = replies.map(({ content }) => prompt.read(content, task) as { instances: unknown[] })
    expect(read.flatMap(({ instances }) => instances)).toHaveLength(count)
  }
})

describe('replies in Chinese', () => {
  it.each([
    ['9. 比较两种茶。\n10. 写一副对联。', ['比较两种茶。', '写一副对联。']],
    ['比较两种茶。\n10、写一副对联。\n\n11．算出3.5米的一半', ['比较两种茶。', '写一副对联。', '算出3.5米的一半']],
    [' 9.比较圆周率\n3.14和22/7', ['比较圆周率 3.14和22/7']],
  ])('are cut into tasks: %j', (reply, tasks) => {
    expect(parseInstructions(reply, 9, { strict: false, language: 'zh' })).toEqual(tasks)
  })

  it.each([
    ['是', true],
    ['是。', true],
    ['\n否', false],
    ['不是', false],
    ['不好说', undefined],
    ['Yes', undefined],
  ])('are a verdict or none: %j', (reply, verdict) => {
    const { read } = classifyPrompt(selfInstructTexts, { strict: false, form: 'turns', language: 'zh' })
    const none = { unread: 'neither yes nor no' }
    expect(read(reply, { instruction: 'x' })).toEqual(verdict === undefined ? none : { isClassification: verdict })
  })

  it('are cut into instances with either colon, and at examples that begin a line alone', () => {
    const reply = '示例1\n城市：西安\n输出：请看示例中的城墙\n示例 二：\n输入：扬州\n输出: 瘦西湖\n输入：'
    expect(parseGeneration(reply, { language: 'zh' })).toEqual([
      { input: '城市：西安', output: '请看示例中的城墙' },
      { input: '扬州', output: '瘦西湖' },
    ])
    expect(parseClassification('类别标签：好\n评语：好吃\n类别标签: 坏\n评语：太咸', { language: 'zh' })).toEqual([
      { input: '评语：好吃', output: '好' },
      { input: '评语：太咸', output: '坏' },
    ])
    const [judged] = judgeInstances([{ input: '', output: '答案如下：' }], { seed: 1, id: 'x' })
    expect(judged!.reason).toBe('ends in a colon')
  })

  it("are cut into Alpaca's whole tasks, with either mark behind the number", () => {
    const reply =
      '4. 指令：说出一种花\n4. 输入：\n<无输入>\n4. 输出：\n梅花\n###\n5、指令:数一数\n5、输入:\n一二三\n5、输出:\n三'
    const read = (text: string) => parseTasks(text, 4, { strict: false, cutOff: false, language: 'zh' })
    const tasks = [
      { instruction: '说出一种花', input: '', output: '梅花' },
      { instruction: '数一数', input: '一二三', output: '三' },
    ]
    expect(read(reply)).toEqual(tasks)
    expect(read(reply.slice('4. 指令：'.length))).toEqual(tasks)
  })

  it('never make a reader throw, whatever they are', () => {
    const words = ['示例1', '输出：', '输入:', '类别标签：', '###', '4. ', '10、', '指令：', '\n', '（', '是', 'x']
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...words)), (parts) => {
        const reply = parts.join('')
        for (const parse of [parseGeneration, parseClassification]) {
          for (const { input, output } of parse(reply, { language: 'zh' })) expect(reply).toContain(input && output)
        }
        for (const task of parseInstructions(reply, 9, { strict: false, language: 'zh' }))
          expect(task).not.toContain('\n')
        parseTasks(reply, 4, { strict: false, cutOff: false, language: 'zh' })
      }),
    )
  })
})

describe('the pool', () => {
  const people = Array.from({ length: 20 }, (_, n) => ({
    ...{ id: `seed-${n}`, instruction: `seed number ${n} of a kind all its own ${n}`, isClassification: false },
    instances: [{ input: '', output: 'x' }],
  }))

  it('shows eight different tasks: as many by the model as there are, two at most', () => {
    const pool = createPool(people, { seed: 1, tokens: 'words' })
    for (const [grown, expected] of [
      [0, 0],
      [1, 1],
      [2, 2],
      [9, 2],
    ] as const) {
      while (pool.grown < grown) {
        expect(
          pool.offer(`m${pool.grown}`, `machine ${'abcdefghij'[pool.grown]} ${Math.sqrt(pool.grown + 2)}`),
        ).toBeUndefined()
      }
      const shown = pool.draw(7, { all: 8, machine: 2 }).map(({ instruction }) => instruction)
      expect(new Set(shown).size).toBe(8)
      expect(shown.filter((text) => text.startsWith('machine'))).toHaveLength(expected)
    }
  })

  it('draws the same for the same request and another for the next', () => {
    const draw = (request: number) =>
      createPool(people, { seed: 1, tokens: 'words' }).draw(request, { all: 8, machine: 2 })
    expect(draw(3)).toEqual(draw(3))
    expect(draw(3)).not.toEqual(draw(4))
  })

  it('shows each seed about equally often', () => {
    const pool = createPool(people, { seed: 5, tokens: 'words' })
    const shown = new Map<string, number>()
    for (let request = 0; request < 5000; request++) {
      for (const { instruction } of pool.draw(request, { all: 8, machine: 2 })) {
        shown.set(instruction, (shown.get(instruction) ?? 0) + 1)
      }
    }
    // 40,000 draws over 20 tasks: 2,000 each, with a standard deviation of 35.
    for (const count of shown.values()) expect(Math.abs(count - 2000)).toBeLessThan(175)
    expect(shown.size).toBe(20)
  })
})

describe('the list of new tasks', () => {
  type Case = { finish_reason: string; text: string; kept: string[] }
  const { post_process, encode_prompt_layout } = values<{
    post_process: Case[]
    encode_prompt_layout: { in: string[]; lines_after_first: string[] }
  }>('selfinstruct_postprocess_conformance.json')
  const judge = selfInstructFilter()

  // A reply that is cut off never comes this far: see "drops a reply that is cut off" of the recipe.
  it.each(post_process.filter(({ finish_reason }) => finish_reason === 'stop'))(
    'is read as published: $kept',
    ({ text, kept }) => {
      const read = parseInstructions(text, 9, { strict: true })
      expect(read.filter((instruction) => judge(instruction) === undefined)).toEqual(kept)
    },
  )

  it('is shown numbered, white space and colons at the end cleaned away', () => {
    expect(numberedList(encode_prompt_layout.in).split('\n')).toEqual(encode_prompt_layout.lines_after_first)
  })

  it('keeps names as they are written, unless it is to be read bug for bug', () => {
    const reply = ' explain how NASA plans a mission\n10. Sort the LIST'
    expect(parseInstructions(reply, 9, { strict: false })).toEqual([
      'Explain how NASA plans a mission',
      'Sort the LIST',
    ])
    expect(parseInstructions(reply, 9, { strict: true })).toEqual(['Explain how nasa plans a mission', 'Sort the list'])
  })

  it('may begin with the number that the prompt ends with', () => {
    const prompt = bootstrapPrompt(selfInstructTexts.bootstrap!, { strict: false })
    const demonstrations = Array.from({ length: 8 }, (_, n) => ({ instruction: `Task ${n}` }))
    const asked = prompt.write({ id: 'r', demonstrations })
    expect(asked.at(-1)!.content).toMatch(/\n8\. Task 7\n9\.$/)
    const read = prompt.read('9. Name a river\n10. Name a lake', { id: 'r', demonstrations })
    expect(read).toEqual({ tasks: [{ instruction: 'Name a river' }, { instruction: 'Name a lake' }] })
  })
})

describe('the classification test', () => {
  const read = (reply: string, strict = false) =>
    classifyPrompt(selfInstructTexts, { strict, form: 'turns' }).read(reply, { instruction: 'x' })

  it('takes yes or no, whatever stands behind, and guesses nothing', () => {
    for (const reply of ['Yes', ' yes.', 'YES\n']) expect(read(reply)).toEqual({ isClassification: true })
    for (const reply of ['No', 'no, it', 'NO.']) expect(read(reply)).toEqual({ isClassification: false })
    for (const reply of ['', 'Nope', 'Yesterday', 'maybe', 'The answer is Yes']) {
      expect(read(reply)).toEqual({ unread: 'neither yes nor no' })
    }
  })

  it('takes all but three spellings of yes for a no, bug for bug', () => {
    expect(read(' Yes ', true)).toEqual({ isClassification: true })
    expect(read('Yes.', true)).toEqual({ isClassification: false })
    expect(read('gibberish', true)).toEqual({ isClassification: false })
  })
})

describe('instances', () => {
  type Case = { kind: string; finish_reason: string; raw: string; instances: { input: string; output: string }[] }
  const byText = (a: { output: string; input: string }, b: { output: string; input: string }) =>
    JSON.stringify(a) < JSON.stringify(b) ? -1 : 1

  it.each(values<Case[]>('selfinstruct_instances_conformance.json'))(
    'are read and judged as published: $kind $raw',
    (given) => {
      const cutOff = given.finish_reason === 'length'
      const parse = given.kind === 'classification' ? parseClassification : parseGeneration
      const kept = judgeInstances(parse(given.raw, { cutOff }), { seed: 0, id: 'x' })
        .filter(({ reason }) => reason === undefined)
        .map(({ input, output }) => ({ input, output }))
      expect(kept.sort(byText)).toEqual([...given.instances].sort(byText))
    },
  )

  it('lose the last one of a reply that was cut off', () => {
    const reply = 'Example 1\nOutput: a\nExample 2\nOutput: b'
    expect(parseGeneration(reply, { cutOff: true })).toEqual([{ input: '', output: 'a' }])
    expect(parseClassification('Class label: a\nx\nClass label: b\ny', { cutOff: true })).toHaveLength(1)
  })

  it('are five at most, drawn by lot, and each that leaves says why', () => {
    const many = Array.from({ length: 8 }, (_, n) => ({ input: `in ${n}`, output: `out ${n}` }))
    const judged = judgeInstances(many, { seed: 3, id: 'task' })
    expect(judged.filter(({ reason }) => reason === 'more than 5 instances')).toHaveLength(3)
    expect(judgeInstances(many, { seed: 3, id: 'task' })).toEqual(judged)
    const kept = (id: string) =>
      judgeInstances(many, { seed: 3, id })
        .filter(({ reason }) => !reason)
        .map(({ place }) => place)
    expect(new Set(['a', 'b', 'c', 'd', 'e'].map((id) => kept(id).join())).size).toBeGreaterThan(1)
  })

  it('can be read in any text without an error, and none is empty or contradictory in the end', () => {
    const piece = fc.constantFrom(
      'Example 1\n',
      'Example\n',
      'Output:',
      'Input: ',
      'Class label:',
      'a',
      'b',
      ':',
      '\n',
      ' ',
    )
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 30 }), fc.boolean(), (pieces, cutOff) => {
        for (const parse of [parseGeneration, parseClassification]) {
          const parsed = parse(pieces.join(''), { cutOff })
          const judged = judgeInstances(parsed, { seed: 1, id: 'x' })
          expect(judged).toHaveLength(parsed.length)
          const kept = judged.filter(({ reason }) => reason === undefined)
          expect(kept.length).toBeLessThanOrEqual(5)
          const inputs = kept.map(({ input }) => input).filter((input) => input !== '')
          expect(new Set(inputs).size).toBe(inputs.length)
          for (const { input, output } of kept) expect(output !== '' && output !== input).toBe(true)
        }
      }),
    )
  })
})

describe("Alpaca's tasks", () => {
  type Kept = { instruction: string; input: string; output: string }
  type Case = { num_prompt_instructions: number; finish_reason: string; text: string; kept: Kept[] }
  const judge = selfInstructFilter({ keywords: 'alpaca' })

  it.each(values<Case[]>('alpaca_postprocess_conformance.json'))('are read as published ($finish_reason)', (given) => {
    const cutOff = given.finish_reason === 'length'
    const read = parseTasks(given.text, given.num_prompt_instructions + 1, { strict: true, cutOff })
    expect(read.filter(({ instruction }) => judge(instruction) === undefined)).toEqual(given.kept)
  })

  it('are not lost where a model miscounts, unless they are to be read bug for bug', () => {
    const reply =
      ' First one here.\n4. Input:\n<noinput>\n4. Output:\na\n###\n6. Instruction: Second one here.\n6. Input:\nx\n6. Output:\nb'
    expect(parseTasks(reply, 4, { strict: true, cutOff: false })).toHaveLength(1)
    expect(parseTasks(reply, 4, { strict: false, cutOff: false })).toEqual([
      { instruction: 'First one here.', input: '', output: 'a' },
      { instruction: 'Second one here.', input: 'x', output: 'b' },
    ])
  })
})
