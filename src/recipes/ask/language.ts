import { z } from 'zod'
import type { PromptText, PromptTexts } from './prompt-texts.js'

/** The languages that prompts are worded in. */
export type Language = 'en' | 'zh'

/** The option of recipes that word their prompts in either. */
export const languageOption = {
  language: z.enum(['en', 'zh']).default('en').describe('language of the prompts; rows may be in any'),
}

/** A wording in a language: the Chinese one of `score` is called `score-zh`. */
export function wordingIn(language: Language, name: string, texts: PromptTexts): PromptText {
  return texts[language === 'en' ? name : `${name}-${language}`]!
}
