/** What is known about a request that brought no usable answer; plain data, so that a retry can decide on it. */
export type FailureDetails = {
  /** May the same request work later? */
  readonly retryable: boolean
  /** The HTTP status, where an answer came at all. */
  readonly status?: number
  /** How long the server asked to be left alone. */
  readonly retryAfterMs?: number
  /** No connection came about: refused, unknown host, timed out while connecting. */
  readonly unreachable?: boolean
  /** What the server said, for a person: cut short, with every secret taken out. */
  readonly detail?: string
  readonly cause?: unknown
}

/** The reason where a server's certificate is vouched for by nobody that is trusted, and what to do about it. */
export const certificateNotTrusted = 'certificate not trusted'
export const trustFix =
  'If the server is yours, name the certificate of its authority in NODE_EXTRA_CA_CERTS; if not, send it nothing.'

/** A request without a usable answer. `reason` is a short fixed phrase; no secret is ever in any part of it. */
export class HttpFailure extends Error {
  readonly reason: string
  readonly retryable: boolean
  readonly status?: number
  readonly retryAfterMs?: number
  readonly unreachable: boolean
  readonly detail?: string

  constructor(reason: string, { retryable, status, retryAfterMs, unreachable = false, detail, cause }: FailureDetails) {
    super(detail === undefined ? reason : `${reason}: ${detail}`, cause === undefined ? undefined : { cause })
    this.name = 'HttpFailure'
    this.reason = reason
    this.retryable = retryable
    this.status = status
    this.retryAfterMs = retryAfterMs
    this.unreachable = unreachable
    this.detail = detail
  }
}

const timeOuts = ['no answer in time', 'answer stalled', 'answer took too long']

/** Whether a failure says that the endpoint has too much to do. */
export function tellsOfOverload({ status, reason }: HttpFailure): boolean {
  return status === 429 || status === 503 || status === 529 || timeOuts.includes(reason)
}
