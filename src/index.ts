// The whole library, grouped as the folders are. README.md shows the main job; src/stream/ is where to read on.

// embed: texts to vectors
export { type OpenEmbedderOptions, openEmbedder } from './embed/index.js'
export type { Embedder, Texts } from './embed/types.js'
export { applyWhitening, whitened } from './embed/whitening/apply.js'
export { fitWhitening, type Whitening } from './embed/whitening/fit.js'
// filters: a row stays, or leaves with a reason
export { type C4Verdict, c4 } from './filters/c4.js'
export { type Document, documentOf } from './filters/document.js'
export { copiesMarkers, h2oChecks, judgeAnswer } from './filters/evol-instruct.js'
export { fineweb } from './filters/fineweb.js'
export { gopherQuality } from './filters/gopher.js'
export { gopherRepetition } from './filters/gopher-repetition.js'
export { cleanInstruction, kunInstructionFilter, kunOutputFilter } from './filters/kun.js'
export { type ProseOptions, proseFilter } from './filters/prose.js'
export { reinstructOutputFilter, reinstructSelector } from './filters/reinstruct.js'
export { judgeBy, passes, type Rule } from './filters/rules.js'
export { selfInstructFilter } from './filters/self-instruct.js'
// formats: shards in and out
export {
  type Columns,
  type ColumnType,
  type Description,
  describeShard,
  findShards,
  messages,
  type ParquetOptions,
  type ReadOptions,
  readShard,
  type Schema,
  type Shard,
  type ShardReadOptions,
  splitShard,
  type WriteOptions,
  type Written,
  writeRows,
} from './formats/index.js'
export { defaultLimits, type Limits as FileLimits } from './formats/limits.js'
export { type BadShard, type OnBadShard, readShards } from './formats/shards.js'
export { readTexts, type TextBatch } from './formats/texts.js'
// models: questions to replies, none paid for twice
export { type BalanceOptions, balanced } from './models/balanced.js'
export { type BatchOptions as BatchedModelOptions, batchedModel } from './models/batch/batched.js'
export type { StoredBatch } from './models/batch/store.js'
export { type BudgetOptions, budgeted, type Limits, noSpending, type Spending } from './models/budget.js'
export { carefree, type Health } from './models/health.js'
export { type ModelOptions, openModel } from './models/index.js'
export { type Journal, journalled, openJournal } from './models/journal.js'
export { limited } from './models/limit.js'
export { type Recorded, recorded } from './models/record.js'
export { replayModel } from './models/replay.js'
export type { JsonSchema, ReplySchema } from './models/reply-schema.js'
export { withRetry } from './models/retry.js'
export { scoringBy } from './models/scoring.js'
export {
  type Call,
  CallFailure,
  type Message,
  type Model,
  type Reply,
  type Score,
  type ScoreCall,
  type Usage,
} from './models/types.js'
// recipes: whole methods, and the runs that carry them
export { type AskOptions, ask } from './recipes/ask/ask.js'
export { type Asking, openAsking } from './recipes/ask/asking.js'
export type { Choice } from './recipes/ask/choice.js'
export { type JudgeStage, structuredStage } from './recipes/ask/structured.js'
export { type Curated, type CurateOptions, curate, type RetryOptions, retry } from './recipes/curate.js'
export { type ExplainOptions, type Explanation, explainRow } from './recipes/explain.js'
export { type ForecastOptions, forecast } from './recipes/forecast/forecast.js'
export type { Forecast, StageForecast } from './recipes/forecast/forecast-calls.js'
export type { EmbeddingForecast } from './recipes/forecast/forecast-embedding.js'
export { recipes } from './recipes/index.js'
export type { Calls, MachineOptions } from './recipes/resources.js'
export { type RunStatus, runStatus } from './recipes/status.js'
export type {
  CallPlan,
  Estimate,
  ModelStage,
  Prompt,
  Recipe,
  Resources,
  Sampling,
  Unread,
} from './recipes/types.js'
export { type Damage, type Verified, verifyRun } from './recipes/verify.js'
export { openRejectLog, type RejectLog } from './run/reject-log.js'
export type { Tally } from './run/tally.js'
export type { Pass, RunEvent, Task, TaskContext } from './run/types.js'
// select: vectors to a diverse subset
export { type Coreset, createSketch, type Sketch } from './select/coreset.js'
export { type DensityOptions, densityClusters, noise } from './select/density-clusters.js'
export { type EvenGroups, type EvenGroupsOptions, evenGroups, type VectorTiles } from './select/even-groups.js'
export { type FacilityLocation, facilityLocation } from './select/facility-location.js'
export { farthestFirst } from './select/farthest-first.js'
export { createExactFingerprint, type Fingerprinter } from './select/fingerprint.js'
export { createGreedyCosine, type Verdict } from './select/greedy-cosine.js'
export { type KCenter, type KCenterOptions, kCenter } from './select/k-center.js'
export { type LargestDot, largestDot } from './select/kernel/largest-dot.js'
export { nearestCentroid } from './select/kernel/nearest.js'
export { kmeans } from './select/kmeans.js'
export { type LazyGreedyOptions, lazyGreedy } from './select/lazy-greedy.js'
export { createMinHash, type MinHashOptions } from './select/minhash.js'
export { type MmrOptions, maximalMarginalRelevance } from './select/mmr.js'
export {
  createNoveltyIndex,
  type Neighbour,
  type Neighbourhood,
  type NoveltyIndex,
  type NoveltyOptions,
} from './select/novelty.js'
export { fitPilot, type Pilot } from './select/pilot.js'
export { createQuotaPick, quotas } from './select/quota.js'
export { type RougeL, rougeL } from './select/rouge.js'
export { createRougeDiversity, type RougeDiversity } from './select/rouge-diversity.js'
// stream: rows on the move
export { type BatchOptions, batch } from './stream/batch.js'
export {
  CorruptInputError,
  DiskError,
  EndpointError,
  LimitError,
  RefusedError,
  ResumeMismatchError,
  SluiceError,
  UsageError,
} from './stream/errors.js'
export { type Judge, keep, type Reason } from './stream/keep.js'
export { map } from './stream/map.js'
export { type MapConcurrentOptions, mapConcurrent } from './stream/map-concurrent.js'
export { compose, pipe } from './stream/pipe.js'
export type { Batches, Reject, Row, Sink, Source, Stage } from './stream/types.js'
// text: what filters and sources are made of
export type { TextColumn } from './text/column.js'
export { uniform } from './text/hash.js'
export { cutSections, plainProse, type Section } from './text/sections.js'
export { createSegmenter, type Segments, type TokenKind, words } from './text/segment.js'
