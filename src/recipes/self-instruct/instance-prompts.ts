import type { Language } from '../ask/language.js'
import type { PromptTexts } from '../ask/prompt-texts.js'
import type { Prompt } from '../types.js'
import { cleanInstruction } from './bootstrap-prompt.js'
import { inputFirstDemonstrationsZh, outputFirstDemonstrationsZh } from './chinese-demonstrations.js'
import { type Demonstrated, type DemonstrationForm, demonstrating } from './demonstrations.js'
import { type Instance, parseClassification, parseGeneration } from './instances.js'
import { marksOf } from './marks.js'

type Task = { readonly instruction: string; readonly isClassification: boolean }
type Instances = { readonly instances: readonly Instance[] }

/**
 * Has instances of a new task written (Self-Instruct, arXiv 2212.10560 §2.2). Input first: eleven tasks are shown, seven of
 * them with eleven numbered examples and four without input. Output first, for a classification: sixteen tasks with 34
 * labelled inputs, so that a model names the labels before it invents an input for each, and not one label for all. The
 * reader gives the instances it can tell apart; of a reply that was cut off, all but the last.
 */
export function instancesPrompt(
  texts: PromptTexts,
  { form, language = 'en' }: { form: DemonstrationForm; language?: Language },
): Prompt<Task, Instances> {
  const lists =
    language === 'en'
      ? [inputFirstDemonstrations, outputFirstDemonstrations]
      : [inputFirstDemonstrationsZh, outputFirstDemonstrationsZh]
  const inputFirst = demonstrating(form, 'instances', shown(lists[0]!, language))
  const outputFirst = demonstrating(form, 'instances-classification', shown(lists[1]!, language))
  return {
    write: ({ instruction, isClassification }) => {
      const task = cleanInstruction(instruction)
      return (isClassification ? outputFirst : inputFirst)(task, texts)
    },
    read: (reply, { isClassification }, cutOff) => {
      const parse = isClassification ? parseClassification : parseGeneration
      const instances = parse(reply, { cutOff, language })
      return instances.length === 0 ? { unread: 'no instance in the reply' } : { instances }
    },
  }
}

/** The tasks of a list, each with its examples. */
function shown(list: string, language: Language): Demonstrated {
  const { task: mark } = marksOf[language]
  const demonstrations = list.split('\n\n').map((entry) => {
    const end = entry.indexOf('\n')
    return { task: entry.slice(mark.length, end), reply: entry.slice(end + 1) }
  })
  return { demonstrations, entry: ({ task, reply }) => `${mark}${task}\n${reply}`, language }
}

/** Decoding of the published code: greedy, presence 1.5, 350 tokens; a list that is cut off still has its whole entries. */
export const instanceSampling = {
  maxTokens: 350,
  temperature: 0,
  topP: 1,
  presencePenalty: 1.5,
  keepCutOff: true,
} as const

/** Where a sixth example or a task of the model's own would begin. */
export const instanceStops: Readonly<Record<Language, readonly string[]>> = {
  en: ['Example 6', 'Task:'],
  zh: ['示例6', '示例 6', '任务：'],
}

export const inputFirstDemonstrations = `Task: Say which of the two rooms is larger and by how many square metres.
Example 1
Room A: 4 m by 5 m. Room B: 3 m by 6 m.
Output: Room A is larger, by 2 square metres.
Example 2
Room A: 2.5 m by 4 m. Room B: 3.5 m by 3 m.
Output: Room B is larger, by 0.5 square metres.

Task: Rewrite the order so that it sounds like a request.
Example 1
Order: Turn the music down now.
Output: Would you mind turning the music down a little?
Example 2
Order: Send me the report today.
Output: Could you send me the report today, please?
Example 3
Order: Move your car.
Output: May I ask you to move your car?

Task: Name three things that a beginner in pottery should buy first.
Output: A bag of smooth stoneware clay, a simple set of wooden and wire tools, and two boards to let the pieces dry on.

Task: Give the capital of the country and one river that flows through it.
Example 1
Country: Hungary
Output: Budapest, on the Danube
Example 2
Country: Iraq
Output: Baghdad, on the Tigris

Task: Describe in two sentences how the sea sounds at night.
Output: It breathes out over the stones and draws the breath back with a long rattle. In between, for the length of a heartbeat, there is no sound at all.

Task: Work out the age of each person from the hints.
Example 1
Hints: Lena is twice as old as Mo. In three years they will be 33 together.
Output: Lena is 18 and Mo is 9.

Task: Mend the Python expression so that it gives the stated result.
Example 1
Expression: "3" + 4
Result: 7
Output: int("3") + 4

Task: Why do cats knead blankets with their paws?
Output: Kittens knead their mother's belly to make the milk flow. Grown cats keep the movement for moments when they feel safe, and it also leaves scent from the glands in their paws.

Task: Shorten the sentence to at most six words without changing what it says.
Example 1
Sentence: Owing to the fact that he was ill, he did not come.
Output: Being ill, he did not come.

Task: Write the opening line of a letter that a lighthouse might send to the moon.
Output: Dear colleague, tonight the fog has taken my ships again, so I hope that you at least can see them.

Task: Put the steps of the recipe into the right order.
Example 1
Steps: Bake for 40 minutes. Mix the flour and the butter. Let the cake cool. Heat the oven.
Output: Heat the oven. Mix the flour and the butter. Bake for 40 minutes. Let the cake cool.`

export const outputFirstDemonstrations = `Task: Tell whether the guest is content, discontent or undecided.
Class label: content
Guest: We have booked the same room for next year already.
Class label: discontent
Guest: Two hours for a cold soup, and nobody said sorry.
Class label: undecided
Guest: The view was splendid. The bed was not.

Task: Does the sentence speak of something that has happened or of something that will happen?
Class label: has happened
Sentence: The bridge was closed on Monday.
Class label: will happen
Sentence: The bridge is going to be closed on Monday.

Task: Is the animal a mammal? Reply yes or no.
Class label: yes
Animal: dolphin
Class label: no
Animal: penguin

Task: Decide whether the two sentences mean the same.
Class label: same
First: Nobody but Ida knew the code. Second: Only Ida knew the code.
Class label: different
First: Ida nearly forgot the code. Second: Ida forgot the code.

Task: Is the number prime or composite?
Class label: prime
Number: 53
Class label: composite
Number: 51

Task: Which part of the newspaper does the headline belong to, sport or business?
Class label: sport
Headline: Late goal sends the village club to the final
Class label: business
Headline: Cement maker lowers its forecast for the year

Task: Assign the complaint to one department: kitchen, housekeeping, reception or garage.
Class label: kitchen
Complaint: The eggs were raw inside.
Class label: housekeeping
Complaint: There were hairs in the bath.
Class label: reception
Complaint: Nobody woke us at six although we had asked for it.
Class label: garage
Complaint: My mirror was broken when I fetched the car.

Task: Say whether the claim can be checked or is a matter of taste.
Class label: can be checked
Claim: The tower is higher than the church.
Class label: matter of taste
Claim: The tower is more beautiful than the church.

Task: Is the speaker addressing a friend, a stranger or a child?
Class label: friend
Speech: You old rascal, you still owe me a beer!
Class label: stranger
Speech: Excuse me, do you happen to know when the next ferry leaves?
Class label: child
Speech: Now we put on the left shoe, and then? Right!

Task: Does the recipe need an oven?
Class label: yes
Recipe: Lasagne with spinach
Class label: no
Recipe: Cucumber salad with dill

Task: Which of the options is the correct past tense? (a) swimmed (b) swam (c) swum Give the letter.
Class label: b
Verb: to swim
Class label: c
Verb: to have swum

Task: Judge whether the password is strong or weak.
Class label: strong
Password: seven-Moths!under94lamps
Class label: weak
Password: summer2020

Task: Is the earth nearer to the sun in January or in July? Answer with the month.
Class label: January

Task: Tell whether the word is spelled correctly.
Class label: correct
Word: rhythm
Class label: wrong
Word: definately

Task: Does the message ask for something or tell something?
Class label: asks
Message: Is there any bread left?
Class label: tells
Message: There is bread left.

Task: Which came first, the telephone or the telegraph? Answer with one word.
Class label: telegraph`
