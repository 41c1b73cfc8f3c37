import { createSegmenter } from '../text/segment.js'
import { splitWords } from '../text/words.js'

export type SelfInstructFilterOptions = {
  /** `alpaca` also refuses what Alpaca's code refuses: videos, audio, music, flowcharts, diagrams. */
  keywords?: 'self-instruct' | 'alpaca'
  /** `zh` judges by Chinese counterparts of the rules; default `en`, the rules as published. */
  language?: 'en' | 'zh'
}

// What a model of text can neither see nor make.
const english = {
  'self-instruct': [
    ...['image', 'images', 'graph', 'graphs', 'picture', 'pictures', 'file', 'files', 'map', 'maps'],
    ...['draw', 'plot', 'go to'],
  ],
  alpaca: ['video', 'audio', 'music', 'flowchart', 'diagram'],
}
// Chinese writes no spaces to tell a word's end by: what is a part of other words, as 画 is of 漫画, stands with more.
const chinese = {
  'self-instruct': [
    ...['图片', '图像', '图表', '图形', '照片', '截图', '插图', '配图', '地图', '曲线图', '柱状图', '饼图'],
    ...['文件', '附件', '(?<![刻描])画[出一]', '绘制', '绘图', '绘画', '前往'],
  ],
  alpaca: ['视频', '音频', '录音', '音乐', '流程图', '示意图'],
}

type Judge = (instruction: string) => string | undefined

/**
 * The rules that an instruction thought up by a model must pass (Self-Instruct, arXiv 2212.10560 §2.2, as its code has
 * them): 4 to 150 words, none of the keywords, no "Write a program" at its start, and a first character that is ASCII and
 * no punctuation mark. In Chinese 6 to 240 characters, as 1.6 of them say what a word says, and one of Han at least. Gives
 * the reason why one fails, or nothing.
 */
export function selfInstructFilter({
  keywords = 'self-instruct',
  language = 'en',
}: SelfInstructFilterOptions = {}): Judge {
  return language === 'en' ? englishJudge(keywords) : chineseJudge(keywords)
}

function englishJudge(keywords: keyof typeof english): Judge {
  const words = keywords === 'alpaca' ? Object.values(english).flat() : english[keywords]
  // Python's \b, which the published code uses, knows all letters and digits; JavaScript's knows the ASCII ones.
  const keyword = new RegExp(`(?<![\\p{L}\\p{N}_])(?:${words.join('|')})(?![\\p{L}\\p{N}_])`, 'iu')
  return (instruction) => {
    if (instruction === '') return 'empty'
    const length = splitWords(instruction).length
    if (length <= 3) return 'fewer than 4 words'
    if (length > 150) return 'more than 150 words'
    if (keyword.test(instruction)) return 'asks for more than text'
    if (instruction.startsWith('Write a program')) return 'asks for a program'
    if (/^[!-/:-@[-`{-~]/.test(instruction)) return 'begins with a punctuation mark'
    if (instruction.charCodeAt(0) > 0x7f) return 'begins with a character beyond ASCII'
    return undefined
  }
}

const asksForProgram = /^请?(?:帮我)?(?:编写|开发|写|编)出?(?:(?:一个|一段|个|段)[^，。；：？！]{0,12}?)?程序(?!员)/u

function chineseJudge(keywords: keyof typeof chinese): Judge {
  const words = keywords === 'alpaca' ? Object.values(chinese).flat() : chinese[keywords]
  const keyword = new RegExp(words.join('|'), 'u')
  const segment = createSegmenter()
  return (instruction) => {
    if (instruction === '') return 'empty'
    const { count } = segment(instruction)
    if (count < 6) return 'fewer than 6 characters'
    if (count > 240) return 'more than 240 characters'
    if (keyword.test(instruction)) return 'asks for more than text'
    if (asksForProgram.test(instruction)) return 'asks for a program'
    if (/^[^\p{L}\p{N}“‘《「『]/u.test(instruction)) return 'begins with a punctuation mark'
    return /\p{Script=Han}/u.test(instruction) ? undefined : 'holds no Chinese'
  }
}
