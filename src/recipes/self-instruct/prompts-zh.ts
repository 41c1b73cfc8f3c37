import type { PromptTexts } from '../ask/prompt-texts.js'

/** The questions in Chinese: each asks what the English one of its name does. */
export const chineseTexts: PromptTexts = {
  // Tasks that people would give an assistant, unlike in subject, form and length; go on with the list to number 16.
  'bootstrap-zh': {
    system: '',
    user: `请设想人们会交给一位得力助手的各种任务，题材、形式和长短要各不相同。下面的清单已经开了头：请接着写到第16条，每个编号一条任务，除此之外什么也不要写。

{tasks}`,
  },
  // The same, of tasks that choose among a few answers; name the answers in the task wherever it can be done.
  'bootstrap-classification-zh': {
    system: '',
    user: `请设想这样一些任务：助手只需在几种答案里选出一种，并且尽量在任务里写明有哪几种答案。下面的清单已经开了头：请接着写到第16条，每个编号一条任务，除此之外什么也不要写。

{tasks}`,
  },
  // Has the last task a small, fixed set of answers? Say yes or no, as the others show.
  'classify-zh': {
    system: '',
    user: `一项任务的答案是不是只能从固定的几种里选？请照前面的例子，对最后一项任务回答“是”或“否”。

{examples}

任务：{task}
答案是固定的几种吗？`,
  },
  // You are told tasks; do none of them; of each say in one word whether its answers are a fixed few.
  'classify-turns-zh': {
    system:
      '你会依次看到一些任务，一项也不要去做。请判断每项任务的答案是不是只能从固定的几种里选，只回答一个字：是，或者否。',
    user: '任务：{task}\n答案是固定的几种吗？',
  },
  // Invent numbered examples for the last task: named input fields, then a line that begins with the mark of outputs.
  'instances-zh': {
    system: '',
    user: `请照前面几项任务的样子，为最后一项任务编写示例：依次标上“示例1”“示例2”，先写它需要的输入，每项输入写明名称，再另起一行，以“输出：”开头写结果。最多写五个互不相同的示例。不需要输入的任务只写一个“输出：”。除示例外什么也不要写。

{examples}

任务：{task}`,
  },
  // The same as turns of a chat.
  'instances-turns-zh': {
    system:
      '你会依次看到一些任务，请为每项任务编写示例：依次标上“示例1”“示例2”，先写它需要的输入，每项输入写明名称，再另起一行，以“输出：”开头写结果。最多写五个互不相同的示例。不需要输入的任务只写一个“输出：”。除示例外什么也不要写。',
    user: '任务：{task}',
  },
  // The tasks choose among a few answers: go through those of the last one, and below each write an input that deserves it.
  'instances-classification-zh': {
    system: '',
    user: `下面的任务都要从几种答案里选出一种。请把最后一项任务可能的答案逐个过一遍：每个答案另起一行，以“类别标签：”开头，下面写一份恰好应得这个答案的输入。如果任务不需要输入，只写标签。除此之外什么也不要写。

{examples}

任务：{task}`,
  },
  // The same as turns of a chat.
  'instances-classification-turns-zh': {
    system:
      '你会依次看到一些要从几种答案里选出一种的任务。请把每项任务可能的答案逐个过一遍：每个答案另起一行，以“类别标签：”开头，下面写一份恰好应得这个答案的输入。如果任务不需要输入，只写标签。除此之外什么也不要写。',
    user: '任务：{task}',
  },
  // Alpaca's twenty whole tasks with nine requirements: verbs, sentence forms, kinds, text alone, Chinese, one or two
  // sentences, a realistic input of at most 150 characters, the mark for none, and an answer of fewer than 150.
  'alpaca-zh': {
    system: '',
    user: `请设想二十项各不相同的助手任务，需要输入的写上输入，并写出助手应当给出的输出。它们将用来检验助手做得好不好。

1. 动词尽量不要重复。
2. 说法也要有变化：有的是提问，有的是吩咐。
3. 种类要多：自由写作、分类、修改、计划、计算、对话等等。
4. 每项任务都得是只会读写文字的模型能做的：不能要它定闹钟、拍照片或购物。
5. 任务用中文写。
6. 每项任务写成一两句话。
7. 输入是一段真实可信、内容具体的文字，不是占位符，最多一百五十个字。
8. 不需要输入的，在输入处写“<无输入>”。
9. 输出针对任务和它的输入作答，不到一百五十个字。

二十项任务的清单：

{tasks}`,
  },
}
