import { textsInRequest } from '../../embed/endpoint.js'
import { costOf, type Price, priceOf } from '../../models/prices.js'
import { estimateTokens } from '../../text/token-count.js'
import type { AskedRows, Estimate } from '../types.js'

/**
 * What embedding a corpus at an endpoint takes, without the replies that a recipe may embed; tokens are estimated from the
 * scripts of the texts.
 */
export type EmbeddingForecast = {
  readonly texts: Estimate
  readonly requests: Estimate
  readonly tokens: Estimate
  /** Dollars; absent where the embedder's price is not known. */
  readonly cost?: Estimate
}

/** How far an estimate of tokens by scripts may be off for most languages it was fitted to. */
export const countingError = 0.15

/** One asks how long a vector is, and one whether the model is still that of the vectors at hand. */
const firstRequests = 2

/** The embedder of a config where it is asked over the network; undefined where texts are embedded on this machine. */
export function endpointOf(
  config: Readonly<Record<string, unknown>>,
): { model: string; endpoint?: string } | undefined {
  const { embedder, embedderEndpoint } = config
  if (typeof embedder !== 'string' || !embedder.startsWith('openai:')) return undefined
  return { model: embedder, ...(typeof embedderEndpoint === 'string' && { endpoint: embedderEndpoint }) }
}

/**
 * What embedding these texts takes; undefined where none is sent anywhere, and `unplanned` where a recipe foretells none.
 * Requests go out for what is read at once, so the last of each may be short: at worst each has one text.
 */
export function forecastEmbedding(
  embedded: AskedRows['embedded'],
  embedder: { model: string; endpoint?: string } | undefined,
  prices?: Readonly<Record<string, Price>>,
): EmbeddingForecast | 'unplanned' | undefined {
  if (embedder === undefined || embedded?.texts.high === 0) return undefined
  if (embedded === undefined) return 'unplanned'
  const { texts, sample } = embedded
  const mean = sample.reduce((sum, text) => sum + estimateTokens(text), 0) / Math.max(1, sample.length)
  const { low, expected, high } = texts
  const tokens = {
    low: Math.floor(low * mean * (1 - countingError)),
    expected: Math.round(expected * mean),
    high: Math.ceil(high * mean * (1 + countingError)),
  }
  const requestsOf = (count: number) => firstRequests + Math.ceil(count / textsInRequest)
  const price = priceOf(embedder, prices)
  const costs = (count: number) => costOf(price!, count, 0)
  return {
    texts,
    requests: { low: requestsOf(low), expected: requestsOf(expected), high: firstRequests + high },
    tokens,
    ...(price && { cost: { low: costs(tokens.low), expected: costs(tokens.expected), high: costs(tokens.high) } }),
  }
}
