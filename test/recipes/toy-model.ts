import { backAndForthTexts } from '../../src/recipes/back-and-forth/texts.js'
import { evolTexts } from '../../src/recipes/evol-instruct/prompts.js'
import { kunTexts } from '../../src/recipes/kun/texts.js'
import { selfInstructTexts } from '../../src/recipes/self-instruct/prompts.js'
import { uniform } from '../../src/text/hash.js'
import type { ChatRequest } from '../server/openai-server.mjs'

/**
 * What a model might answer to REInstruct's two questions, the same to the same request: an instruction of words of the
 * text, or sentences of them. One request in twelve gets a reply that no reader should take.
 */
export function toyReply({ messages }: ChatRequest): string {
  const last = messages.at(-1)!.content
  // A model that repeats the fence is refused, and this one means well.
  const words = [
    ...new Set(last.replace(/<\/?[a-z]{6}>/g, '').match(/\b[a-z]{5,12}\b/g) ?? ['bread', 'water', 'stone']),
  ]
  const word = (use: string) => words[Math.floor(uniform(3, last, use) * words.length)]!
  if (uniform(3, last, 'bad') < 1 / 12) return 'As an AI language model, I cannot answer.'
  if (isInstructRequest(last)) return `How do ${word('a')} and ${word('b')} depend on ${word('c')}?`
  return `In short, the ${word('d')} follows from the ${word('e')}. Whoever looks at the ${word('f')} sees the ${word('g')} as well.`
}

/** Tells stage 2 from stage 3: it alone has nothing of its own before the fenced text. */
export function isInstructRequest(content: string): boolean {
  return content.startsWith('<')
}

/** A model that evolves, judges and answers for Evol-Instruct, the same to the same; a good part of what it says is to be eliminated. */
export function toyEvolution({ messages }: ChatRequest): string {
  const [system, last] = [messages[0]!.content, messages.at(-1)!.content]
  const chance = uniform(5, last, system.slice(0, 20))
  if (system === evolTexts.judge.system) return chance < 0.4 ? 'Equal' : chance < 0.85 ? 'Not Equal' : 'Hard to say'
  if (system === evolTexts.answer.system) {
    return chance < 0.1 ? 'Sorry, no.' : chance < 0.15 ? 'It is.' : `The answer has ${Math.floor(chance * 1e6)} parts.`
  }
  const [, parent] = /<[a-z]{6}>\n([\s\S]*)\n<\/[a-z]{6}>/.exec(last)!
  if (chance < 0.06) return `#Given Prompt#: ${parent}`
  return chance < 0.1 ? parent! : `${parent} Give ${Math.floor(chance * 1e6)} reasons for it.`
}

/** A model of Kun's three stages, the same to the same; a good part of what it says is to leave by one rule or another. */
export function toyKun({ messages }: ChatRequest): string {
  const [system, last] = [messages[0]!.content, messages.at(-1)!.content]
  const chance = uniform(9, last, system.slice(0, 12))
  const about = /第(\d+)段/.exec(last)?.[1]
  if (system === kunTexts.label.system) {
    if (chance < 0.12) return `请写出第${about}段文章的摘要。`
    if (chance < 0.2) return `第${about}段讲什么？\n第${about}段讲什么？`
    return chance < 0.3 ? `第${about}段讲什么？      第${about}段讲什么` : `第${about}段所说的历史有多长？  \n`
  }
  if (system === kunTexts.point.system) return chance < 0.2 ? '【差】' : chance < 0.9 ? '【好】' : '难说'
  if (chance < 0.1) return `抱歉，第${about}段的内容我不清楚，请您再说一次好吗，谢谢。`
  if (chance < 0.2) return '不知道。'
  return chance < 0.3
    ? `${'好的'.repeat(12)}，第${about}段。`
    : `第${about}段说，它的历史有好几十年，各地的做法也不一样。`
}

/** Which stage of back-and-forth asks. */
export const stageOf = ({ messages }: ChatRequest) =>
  (['instruct', 'score', 'rewrite'] as const).find((name) => messages[0]!.content === backAndForthTexts[name].system)

/** A model of the three stages of back-and-forth, the same to the same; a part of what it says leaves by each rule. */
export function toyBackAndForth(request: ChatRequest): string {
  const last = request.messages.at(-1)!.content
  const chance = uniform(9, last, stageOf(request)!)
  const words = last.replace(/<\/?[a-z]{6}>/g, '').match(/\b[a-z]{6,12}\b/g)!
  const word = words[Math.floor(chance * words.length)]!
  if (chance < (stageOf(request) === 'rewrite' ? 0.2 : 0.06)) return 'As an AI language model, I cannot answer.'
  if (stageOf(request) === 'instruct') return `How do ${word} and ${words[3]} depend on ${words[5]}?`
  if (stageOf(request) === 'rewrite') return `In short, the ${word} follows from what the ${words[7]} is like.`
  if (chance < 0.15) return 'A fine answer.\nScore: 10502'
  return `It is about ${word}.\nScore: ${chance < 0.25 ? 1 : chance < 0.4 ? 3 : chance < 0.55 ? 4 : 5}`
}

/** Picks by a hash of the question, sometimes not in the form asked for. */
export function toyPicks({ messages }: ChatRequest): string {
  const asked = messages.at(-1)!.content
  const [, picks, items] = /Pick (\d+) of these (\d+)/.exec(asked)!.map(Number)
  const lot = (use: string) => uniform(2, asked, use)
  if (lot('mute') < 0.1) return 'They are all good.'
  const numbers = Array.from({ length: picks! }, (_, n) => 1 + Math.floor(lot(`pick ${n}`) * items!))
  return lot('prose') < 0.3 ? `I would take [${numbers.join('], [')}].` : `[${numbers.join(', ')}]`
}

/** What {@link toyTasks} makes its tasks of. */
const nouns = 'harbour orchard kettle violin glacier lantern saddle comet pepper turbine meadow anchor'.split(' ')
const verbs = 'Compare Describe Summarise Criticise Plan Translate Invent Rank Explain Shorten'.split(' ')
const ends = 'for a visitor|in the year 1900|to a sceptic|without adjectives|as a letter|in two voices'.split('|')

/** A task out of its parts, the same for the same key. */
function task(key: string): string {
  const of = (words: readonly string[], use: string) => words[Math.floor(uniform(1, key, use) * words.length)]!
  if (uniform(1, key, 'bad') < 0.1) return 'Draw a picture of the sea'
  return `${of(verbs, 'verb')} the ${of(nouns, 'one')} and the ${of(nouns, 'two')} ${of(ends, 'end')}`
}

/** What a model might answer to the questions of self-instruct, the same to the same request. */
export function toyTasks({ messages }: ChatRequest): string {
  const asked = messages.at(-1)!.content
  const isAsked = (name: string, start: string) =>
    asked.startsWith(start) || messages[0]!.content === selfInstructTexts[`${name}-turns`]!.system
  if (isAsked('classify', 'Does a task have')) return uniform(1, asked, 'kind') < 0.3 ? 'Yes' : 'No.'
  if (isAsked('instances-classification', 'The tasks below choose'))
    return 'Class label: good\nText: fine\nClass label: bad\nText: poor'
  if (isAsked('instances', 'Invent examples')) {
    if (uniform(1, asked, 'mute') < 0.1) return 'I would rather not.'
    return 'Example 1\nPlace: Rome\nOutput: One answer\nExample 2\nPlace: Oslo\nOutput: Another\nExample 3\nOutput:'
  }
  if (asked.startsWith('Think up twenty')) {
    const record = (n: number) =>
      `${n}. Instruction: ${task(`${asked} ${n}`)}\n${n}. Input:\n<noinput>\n${n}. Output:\nAn answer ${n}\n`
    return Array.from({ length: 16 }, (_, n) => record(n + 4)).join('###\n')
  }
  return Array.from({ length: 8 }, (_, n) => `${n + 9}. ${task(`${asked} ${n}`)}`).join('\n')
}

/** A Chinese task out of its parts, the same for the same key. */
function taskZh(key: string): string {
  const of = (words: string, use: string) =>
    words.split(' ')[Math.floor(uniform(1, key, use) * words.split(' ').length)]!
  const noun = (use: string) => of('港口 果园 水壶 提琴 冰川 灯笼 马鞍 彗星 胡椒 涡轮 草甸 船锚', use)
  if (uniform(1, key, 'bad') < 0.1) return '画出大海的样子给我看'
  const end = of('讲给游客听 放在一九〇〇年来看 说服一个不信的人 不用形容词 写成一封信 用两种口气', 'end')
  return `${of('比较 描写 概括 批评 安排 翻译 虚构 评定 解释 缩写', 'verb')}${noun('one')}和${noun('two')}，${end}`
}

/** What a model might answer to the questions of self-instruct in Chinese, the same to the same request. */
export function toyTasksZh({ messages }: ChatRequest): string {
  const [system, asked] = [messages[0]!.content, messages.at(-1)!.content]
  if (system === selfInstructTexts['classify-turns-zh']!.system) return uniform(1, asked, 'kind') < 0.3 ? '是' : '否。'
  if (system === selfInstructTexts['instances-classification-turns-zh']!.system)
    return '类别标签：好\n评语：不错\n类别标签：坏\n评语：很糟'
  if (system === selfInstructTexts['instances-turns-zh']!.system)
    return '示例1\n地点：西安\n输出：一个答案\n示例2\n地点：扬州\n输出：另一个\n示例3\n输出：'
  if (asked.startsWith('请设想二十项')) {
    const record = (n: number) =>
      `${n}. 指令：${taskZh(`${asked} ${n}`)}\n${n}. 输入：\n<无输入>\n${n}. 输出：\n第${n}个答案\n`
    return Array.from({ length: 16 }, (_, n) => record(n + 4)).join('###\n')
  }
  return Array.from({ length: 8 }, (_, n) => `${n + 9}、${taskZh(`${asked} ${n}`)}`).join('\n')
}
