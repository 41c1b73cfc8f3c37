import fc from 'fast-check'
import { expect, it } from 'vitest'
import { normalForms } from '../../../../src/embed/static/kernel/normal-forms.js'

const { places, pool } = normalForms(16_384)
const formOf = (unit: number) => {
  const place = places[unit]!
  return place === 0
    ? String.fromCharCode(unit)
    : String.fromCharCode(...pool.subarray(place + 1, place + 1 + pool[place]!))
}
const alone = Array.from(places.keys()).filter((unit) => places[unit] !== 1)

it('holds what NFKC makes of each unit, or says that its neighbours matter', () => {
  for (const unit of alone) expect(formOf(unit)).toBe(String.fromCharCode(unit).normalize('NFKC'))
  expect(places[0x301]).toBe(1)
  expect(places[0x1161]).toBe(1)
  expect(formOf(0xff21)).toBe('A')
})

it('joins units that stand for themselves to the NFKC of the text they make', () => {
  const changed = alone.filter((unit) => places[unit] !== 0)
  const unit = fc.oneof(fc.constantFrom(...changed), fc.constantFrom(...alone))
  fc.assert(
    fc.property(fc.array(unit, { minLength: 2, maxLength: 200 }), (units) => {
      // Surrogates come in pairs or stand for nothing here.
      const text = units.filter((each) => each < 0xd800 || each > 0xdfff)
      expect(text.map(formOf).join('')).toBe(String.fromCharCode(...text).normalize('NFKC'))
    }),
    { numRuns: 300 },
  )
})

it('leaves a form to be asked for where the pool has no more room', () => {
  const small = normalForms(8)
  expect(small.places[0xa0]).toBe(2)
  expect(small.places[0xff21]).toBe(1)
})
