import type { JsonOptions } from './json.js'
import { refusal } from './refusal.js'
import { open, readBody } from './request.js'

/** Gets a text of whatever type, such as XML. Rejects with an HttpFailure; never follows a redirect. */
export async function getText(url: URL, options: JsonOptions = {}): Promise<string> {
  const { headers, secrets, timeouts, maxBytes = 10_000_000, signal } = options
  const answer = await open({ url, headers, timeouts, signal })
  if (answer.status < 200 || answer.status > 299) throw await refusal(answer, secrets)
  return (await readBody(answer, maxBytes)).toString('utf8')
}
