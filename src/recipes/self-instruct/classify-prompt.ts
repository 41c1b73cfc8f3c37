import type { Language } from '../ask/language.js'
import type { PromptTexts } from '../ask/prompt-texts.js'
import type { Prompt } from '../types.js'
import { cleanInstruction } from './bootstrap-prompt.js'
import { classifyDemonstrationsZh } from './chinese-demonstrations.js'
import { type DemonstrationForm, demonstrating } from './demonstrations.js'
import { marksOf } from './marks.js'

/**
 * Self-Instruct (arXiv 2212.10560 §2.2): asks whether a task has a small, fixed set of answers, after twelve that have and
 * nineteen that have not. The reader takes a reply that is yes or no; `strict` takes all but Yes, yes and YES for a no, as
 * the published code does.
 */
export function classifyPrompt(
  texts: PromptTexts,
  { strict, form, language = 'en' }: { strict: boolean; form: DemonstrationForm; language?: Language },
): Prompt<{ instruction: string }, { isClassification: boolean }> {
  const { task: mark, fixed, gap, reading } = marksOf[language]
  const shown = language === 'en' ? classifyDemonstrations : classifyDemonstrationsZh
  const ask = demonstrating(form, 'classify', {
    demonstrations: shown.map(([task, reply]) => ({ task, reply })),
    entry: ({ task, reply }) => `${mark}${task}\n${fixed}${gap}${reply}`,
    language,
  })
  return {
    write: ({ instruction }) => ask(cleanInstruction(instruction), texts),
    read: (reply) => {
      const word = reply.trim()
      if (strict) return { isClassification: ['Yes', 'yes', 'YES'].includes(word) }
      if (reading.yes.test(word)) return { isClassification: true }
      return reading.no.test(word) ? { isClassification: false } : { unread: 'neither yes nor no' }
    },
  }
}

/**
 * Decoding of the published code: greedy, three tokens. Its stop at a line's end is left out, since a chat model may begin
 * with one; a cut-off reply has its first word, which is all that is read.
 */
export const classifySampling = { maxTokens: 3, temperature: 0, topP: 1, keepCutOff: true } as const

/** Where a model goes on with a task of its own. */
export const classifyStops: Readonly<Record<Language, readonly string[]>> = { en: ['Task'], zh: ['任务'] }

/** Twelve tasks that choose among a few answers and nineteen that do not. */
export const classifyDemonstrations: readonly (readonly [task: string, answer: 'Yes' | 'No'])[] = [
  ['Say whether the comment on the recipe is kind or unkind.', 'Yes'],
  ['Write a letter to a landlord about a broken heater.', 'No'],
  ['Which of the four seasons does the poem describe?', 'Yes'],
  ['Explain how a pressure cooker works.', 'No'],
  ['Collect five names for a boat that belongs to a librarian.', 'No'],
  ['Judge if the conclusion follows from the premises. Answer yes or no.', 'Yes'],
  ['Rewrite the sentence without using the letter e.', 'No'],
  ['Find the shortest way between the two towns.', 'No'],
  ['Decide whether the email should go to sales or to support.', 'Yes'],
  ['Translate the sign into Italian.', 'No'],
  ['Write a function that removes duplicates from a list.', 'No'],
  ['Name the continent that the country belongs to.', 'Yes'],
  ['Plan a day in the mountains for a family with small children.', 'No'],
  ['Is the word a noun, a verb or an adjective?', 'Yes'],
  ['Summarise the chapter in three sentences.', 'No'],
  ['How many grams of salt belong in five litres of soup?', 'No'],
  ['Tell whether the tweet is meant seriously or ironically.', 'Yes'],
  ['Make up a riddle about a shadow.', 'No'],
  ['Describe the taste of an olive to someone who has never had one.', 'No'],
  ['Rate the difficulty of the hike as easy, medium or hard.', 'Yes'],
  ['List the ingredients that the shopping list is missing for pancakes.', 'No'],
  ['Which team won according to the report, the guests or the hosts?', 'Yes'],
  ['Continue the story for one more paragraph.', 'No'],
  ['Give two reasons for and two against wearing school uniforms.', 'No'],
  ['Does the patient describe an emergency? Yes or no.', 'Yes'],
  ['Turn the list of facts into a short biography.', 'No'],
  ['Correct the punctuation of the paragraph.', 'No'],
  ['Choose the word that fits the gap: affect or effect.', 'Yes'],
  ['What should one consider before adopting a dog?', 'No'],
  ['Is the transaction likely to be fraud or not?', 'Yes'],
  ['Calculate the monthly rate of the loan.', 'No'],
]
