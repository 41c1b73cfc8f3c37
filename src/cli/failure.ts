import pc from 'picocolors'
import { SluiceError } from '../stream/errors.js'

/** What to print for an error, and the exit code. */
export function describeFailure(error: unknown): { text: string; exitCode: number } {
  if (error instanceof SluiceError) {
    const fix = error.fix ? `\n${pc.dim('fix:')} ${error.fix}` : ''
    return { text: printable(`${pc.red(`error ${error.code}:`)} ${error.message}${fix}`), exitCode: error.exitCode }
  }
  const message = error instanceof Error ? error.message : String(error)
  const stack = process.env.SLUICE_DEBUG && error instanceof Error ? `\n${error.stack}` : ''
  return {
    text: printable(
      `${pc.red('error E_BUG:')} ${message}${stack}\n${pc.dim('fix:')} This is a bug in sluice: please report it; SLUICE_DEBUG=1 shows where.`,
    ),
    exitCode: 70,
  }
}

/** A line that should not be overlooked. */
export function warning(text: string): string {
  return printable(`${pc.yellow('warning:')} ${text}`)
}

/** Control characters of file names or replies must not reach the terminal; our own colours may. */
export function printable(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  return text.replace(/\x1b(?!\[\d+m)|[\x00-\x08\x0b-\x1a\x1c-\x1f\x7f]/g, '�')
}
