import { describe, expect, it } from 'vitest'
import { nextPage } from '../../src/http/next-page.js'
import { EndpointError } from '../../src/stream/errors.js'

const url = new URL('https://mirror.example/api/tree?page=1')
const pageOf = (link?: string) => nextPage(url, { link })?.href

describe('the next page of a listing', () => {
  it.each([
    '<https://hub.example/other/tree?page=2>; rel="next"',
    '</api/tree?page=2>; rel=next',
    '<?page=0>; rel="prev", <?page=2>; title="more"; rel="next"',
  ])('is asked for at the host and path of the one before: %s', (link) => {
    expect(pageOf(link)).toBe('https://mirror.example/api/tree?page=2')
  })

  it('is none where nothing names one', () => {
    expect(pageOf()).toBeUndefined()
    expect(pageOf('<?page=0>; rel="prev"')).toBeUndefined()
  })

  it('is an error where its address is none, since the listing goes on', () => {
    expect(() => pageOf('<http://[bad>; rel="next"')).toThrow(EndpointError)
  })
})
