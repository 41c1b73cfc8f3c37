/** Whether a text says nothing: only punctuation and words that carry none of the meaning, English or Chinese. */
export function isOnlyStopWords(text: string): boolean {
  // An apostrophe belongs to its word; each CJK character stands for itself.
  const words = text.toLowerCase().match(/\p{Script=Han}|[\p{L}\p{N}]+(?:['’]\p{L}+)*/gu) ?? []
  return words.every((word) => stopWords.has(word.replace('’', "'")))
}

const stopWords = new Set(
  `a about above after again against all am an and any are aren't as at be because been before being below between both
but by can can't cannot could couldn't did didn't do does doesn't doing don't down during each few for from further had
hadn't has hasn't have haven't having he her here hers herself him himself his how i i'd i'll i'm i've if in into is isn't
it it's its itself just let's me more most my myself no nor not now of off on once only or other our ours ourselves out
over own s same shan't she should shouldn't so some such t than that that's the their theirs them themselves then there
there's these they they're this those through to too under until up very was wasn't we we're were weren't what when where
which while who whom why will with won't would wouldn't you you're your yours yourself yourselves
的 了 是 在 和 与 也 就 都 而 及 着 或 一 个 这 那 我 你 他 她 它 们 吗 呢 吧 啊 不 没 有 很 被 把 对 从 到 上 中`.split(
    /\s+/,
  ),
)
