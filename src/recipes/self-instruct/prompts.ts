import type { PromptTexts } from '../ask/prompt-texts.js'
import { chineseTexts } from './prompts-zh.js'

/** How self-instruct words its questions; who shows what in the slots stands beside the reader of each reply. */
export const selfInstructTexts: PromptTexts = {
  ...chineseTexts,
  bootstrap: {
    system: '',
    user: `Think up tasks that people would give to a helpful assistant. Let them differ in subject, form and length. The list below has begun: carry it on up to number 16, one task a number, and write nothing else.

{tasks}`,
  },
  'bootstrap-classification': {
    system: '',
    user: `Think up tasks in which an assistant has to choose among a few answers, and name those answers in the task wherever it can be done. The list below has begun: carry it on up to number 16, one task a number, and write nothing else.

{tasks}`,
  },
  classify: {
    system: '',
    user: `Does a task have a small, fixed set of possible answers to choose from? Say of the last one what the others show: Yes or No.

{examples}

Task: {task}
Fixed set of answers?`,
  },
  'classify-turns': {
    system:
      'You are told tasks, one after another; do none of them. Of each, say whether it has a small, fixed set of possible answers to choose from. Reply with one word: Yes or No.',
    user: 'Task: {task}\nFixed set of answers?',
  },
  instances: {
    system: '',
    user: `Invent examples for the last task below, as the tasks before it show: number each "Example 1", "Example 2" and so on, write the input it needs in named fields, and after it a line that begins with "Output:". Give up to five examples that differ from one another. A task that needs no input gets one "Output:" alone. Write the examples and nothing else.

{examples}

Task: {task}`,
  },
  'instances-turns': {
    system: `You are told tasks, one after another. Invent examples for each: number each "Example 1", "Example 2" and so on, write the input it needs in named fields, and after it a line that begins with "Output:". Give up to five examples that differ from one another. A task that needs no input gets one "Output:" alone. Write the examples and nothing else.`,
    user: 'Task: {task}',
  },
  'instances-classification': {
    system: '',
    user: `The tasks below choose among a few answers. For the last one, go through its possible answers: write each on a line that begins with "Class label:", and below it an input that deserves just this answer. If the task needs no input, give the label alone. Write nothing else.

{examples}

Task: {task}`,
  },
  'instances-classification-turns': {
    system: `You are told tasks that choose among a few answers, one after another. For each, go through its possible answers: write each on a line that begins with "Class label:", and below it an input that deserves just this answer. If the task needs no input, give the label alone. Write nothing else.`,
    user: 'Task: {task}',
  },
  alpaca: {
    system: '',
    user: `Think up twenty varied tasks for an assistant, each with an input where one is needed and with the output that the assistant should give. They will be used to see how well it does.

1. Use a different verb wherever you can.
2. Vary the language too: some tasks are questions, others are orders.
3. Vary the kind: open writing, classification, editing, planning, arithmetic, conversation and more.
4. A model that reads and writes nothing but text must be able to do each of them: no alarms, no photographs, no shopping.
5. Write the tasks in English.
6. Keep each task to one or two sentences.
7. An input is a realistic piece of text with specific content, not a placeholder, and at most 100 words long.
8. Where no input is called for, write "<noinput>" as the input.
9. The output answers the task and its input as they stand, in fewer than 100 words.

List of the twenty tasks:

{tasks}`,
  },
}
