import { describe, expect, it } from 'vitest'
import { below, describeUrl, parseEndpoint } from '../../src/http/endpoint.js'
import { UsageError } from '../../src/stream/errors.js'

describe('an endpoint', () => {
  it.each(['http://127.0.0.1:8080/v1', 'http://localhost/v1', 'http://[::1]:1/v1', 'https://api.example.com/v1'])(
    'may be %s',
    (text) => expect(parseEndpoint(`${text}/`).href).toBe(text),
  )

  it.each([
    'http://api.example.com/v1',
    'http://10.0.0.7/v1',
    'http://127.0.0.1.example.com/v1',
    'http://localhost.evil.org',
  ])('may not be %s, where nothing is encrypted', (text) => {
    expect(() => parseEndpoint(text)).toThrow(UsageError)
    expect(parseEndpoint(text, { allowHttp: true }).protocol).toBe('http:')
  })

  it.each(['ftp://host/v1', 'host:8080', 'file:///etc/passwd', ''])('may not be %j', (text) => {
    expect(() => parseEndpoint(text)).toThrow('Expected an endpoint')
  })

  it('may not carry a password, and the error does not show it', () => {
    expect(() => parseEndpoint('https://me:secret@host/v1')).toThrow(/^(?!.*secret).*password in it/)
  })

  it('keeps its query when a path is put below it, and hides it from people', () => {
    const url = below(parseEndpoint('https://host/openai/?api-version=2'), 'chat/completions')
    expect(url.href).toBe('https://host/openai/chat/completions?api-version=2')
    expect(describeUrl(url)).toBe('https://host/openai/chat/completions')
  })
})
