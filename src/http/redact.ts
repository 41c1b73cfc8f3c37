/** Most characters of a server's own words that an error repeats. */
const longestDetail = 300

/**
 * A server's words made safe to show: each of `secrets` replaced, also where it was base64- or URL-encoded, anything else
 * that looks like a key replaced too, control characters and line breaks made spaces, and the whole cut short.
 */
export function redact(text: string, secrets: readonly string[] = []): string {
  // A secret may straddle the cut, so it is replaced first; the first cut only bounds the work.
  let safe = text.slice(0, 20_000)
  for (const secret of secrets) {
    // Replacing every "a" of a page would tell a one-letter key rather than hide it.
    if (secret.length < 6) continue
    const forms = [secret, encodeURIComponent(secret), ...base64Forms(secret)]
    for (const form of forms) safe = safe.replaceAll(form, '[redacted]')
  }
  safe = safe.replace(/\b(?:sk|pk|hf|gsk|xai|key)[-_][\w-]{8,}/gi, '[redacted]')
  safe = safe.replace(/\bBearer\s+[^\s"',;]+/gi, 'Bearer [redacted]')
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not reach a terminal
  safe = safe.replace(/[\s\u0000-\u001f\u007f-\u009f]+/g, ' ').trim()
  return safe.length > longestDetail ? `${safe.slice(0, longestDetail)}…` : safe
}

/** Base64 of the secret wherever it starts among the groups of three bytes, without the ends that its neighbours decide. */
function base64Forms(secret: string): string[] {
  return [0, 1, 2].flatMap((shift) => {
    const encoded = Buffer.from(' '.repeat(shift) + secret).toString('base64')
    const start = shift === 0 ? 0 : shift + 1
    const end = encoded.length - (encoded.endsWith('==') ? 3 : encoded.endsWith('=') ? 2 : 0)
    const core = encoded.slice(start, end)
    return [core, core.replaceAll('+', '-').replaceAll('/', '_')]
  })
}
