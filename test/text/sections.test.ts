import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { cutSections, plainProse } from '../../src/text/sections.js'

const lines = (...all: string[]) => all.join('\n')

describe('cutSections', () => {
  it('cuts at ATX and underlined headings and keeps the path to each section', () => {
    const markdown = lines(
      'Intro.',
      '',
      '# Guide',
      'One.',
      '',
      'Usage',
      '-----',
      'Two.',
      '### Deep ##',
      'Three.',
      '## Next',
      'Four.',
    )
    expect(cutSections(markdown)).toEqual([
      { heading: [], text: 'Intro.' },
      { heading: ['Guide'], text: 'One.' },
      { heading: ['Guide', 'Usage'], text: 'Two.' },
      { heading: ['Guide', 'Usage', 'Deep'], text: 'Three.' },
      { heading: ['Guide', 'Next'], text: 'Four.' },
    ])
  })

  it.each([
    ['a fence', lines('```sh', '# install', '```')],
    ['a fence of tildes that holds back-ticks', lines('~~~~', '```', '# no', '~~~', '~~~~')],
    ['a fence in a list', lines('1. Run', '   ```', '# no', '   ```', '2. Stop')],
    ['indented code', lines('Text:', '', '    # no', '    no', '    ==')],
    ['a comment', lines('<!--', '# no', '', '## no', '-->')],
    ['a comment inside a paragraph', lines('Text <!-- begins', '# no', '', '## no', '--> here.')],
    ['preformatted HTML', lines('<pre>', '# no', '', '# no', '</pre>')],
    ['a quote', lines('> # no', '> text')],
    ['a list', lines('- a', '---', '- b')],
    ['a table', lines('| a | b |', '|---|---|', '| # c | d |')],
    ['something like a heading', lines('#hash', '', '####### seven', '', '\\# no')],
  ])('does not cut inside %s', (_, body) => {
    expect(cutSections(lines('# A', body, '# B', 'End.'))).toEqual([
      { heading: ['A'], text: body },
      { heading: ['B'], text: 'End.' },
    ])
  })

  it('does not cut after a fence that never closes', () => {
    expect(cutSections(lines('# A', '```', '# B', 'End.'))).toEqual([{ heading: ['A'], text: '```\n# B\nEnd.' }])
  })

  it('goes on after a comment that never closes within a paragraph', () => {
    const sections = cutSections(lines('Write `a` <!-- to open.', '', '# B', 'End.'))
    expect(sections.map(({ heading }) => heading)).toEqual([[], ['B']])
  })

  it('drops front matter but not a rule at the top', () => {
    expect(cutSections(lines('---', 'title: A', 'tags: [b]', '---', '', 'Text.'))).toEqual([
      { heading: [], text: 'Text.' },
    ])
    expect(cutSections(lines('---', '', 'Text.', '', '---', 'More.'))[0]!.text).toContain('Text.')
  })

  it('reads headings as plain words', () => {
    const headings = cutSections(
      lines('# [![ci](b.svg)](u) The `map()` of **C#** [docs](x) #', 'Text.', '# C#', 'Text.'),
    )
    expect(headings.map(({ heading }) => heading)).toEqual([['The map() of C# docs'], ['C#']])
  })

  it('drops sections without a body and takes any line ends and a byte order mark', () => {
    expect(cutSections('\ufeff# A\r\n\r\n## B\r\nText.\r\nMore.\r\n')).toEqual([
      { heading: ['A', 'B'], text: 'Text.\nMore.' },
    ])
    expect(cutSections('')).toEqual([])
    expect(cutSections('# A')).toEqual([])
  })
})

describe('plainProse', () => {
  it.each([
    ['joins soft-wrapped lines', 'One line\nand more.\n\nTwo.', 'One line and more.\n\nTwo.'],
    ['joins Chinese lines without a space', '今天下雨，\n你带伞了吗？', '今天下雨，你带伞了吗？'],
    ['keeps hard breaks', 'One  \ntwo\\\nthree', 'One\ntwo\nthree'],
    [
      'takes the words of links',
      'See [the docs](https://a.b/c_(d) "t"), [here][ref] or [Node.js].',
      'See the docs, here or Node.js.',
    ],
    [
      'keeps addresses that stand for themselves',
      'See <https://a.b/c> or mail <a@b.c>.',
      'See https://a.b/c or mail a@b.c.',
    ],
    ['removes badges and images', '[![build](a.svg)](b) ![logo](c.png) Text ![x][y].', 'Text .'],
    [
      'removes HTML but not generic types',
      'A <b>bold</b> Promise<string><br/>and <kbd>x</kbd> < 3 > 2',
      'A bold Promise<string>\nand x < 3 > 2',
    ],
    ['removes comments', 'A <!-- no\nno --> b. `<!-- yes -->`', 'A b. <!-- yes -->'],
    ['keeps inline code as it reads', 'Call `map(a => *b*)` and `` `x` `` or \\`y', 'Call map(a => *b*) and `x` or `y'],
    [
      'removes emphasis but not other stars',
      '**Bold**, *it*, __b__, _i_, ~~s~~, ***x*** 2 * 3 * 4 snake_case_name',
      'Bold, it, b, i, s, x 2 * 3 * 4 snake_case_name',
    ],
    ['keeps brackets that are no links', 'Take a[0], [1, 2] and f(x)[y].', 'Take a[0], [1, 2] and f(x)[y].'],
    [
      'reads entities and escapes',
      'A &amp; B&nbsp;C &#169; &#x4e2d; \\* &unknown; &#0;',
      'A & B C © 中 * &unknown; &#0;',
    ],
    ['removes footnote marks and definitions', 'Text[^1].\n\n[^1]: note\n[ref]: https://a.b', 'Text.'],
    ['keeps lists, a line an item', '* one\n  more\n* [x] two\n\n1) a\n2) b', '- one more\n- two\n1) a\n2) b'],
    ['drops lists of links', 'Text.\n\n- [A](#a)\n- [B](#b)\n  - [C](#c)', 'Text.'],
    [
      'drops lines of links',
      '[A](#a) | [B](#b)\n\n<p><a href="x">Home</a> · <a href="y">Docs</a></p>\n\nText.',
      'Text.',
    ],
    ['drops tables', 'Text.\n\n| a | b |\n|---|---|\n| c | d |\n\nEnd.', 'Text.\n\nEnd.'],
    ['drops code', 'Text.\n\n```js\na\n```\n\n    b\n\nEnd.', 'Text.\n\nEnd.'],
    ['drops a sentence that only leads to code', 'First. Then run this:\n\n```\na\n```\n\nEnd.', 'First.\n\nEnd.'],
    ['keeps a sentence that leads to a list', 'You need:\n\n- a\n- b', 'You need:\n\n- a\n- b'],
    ['drops an item that only leads to code', '1. Do this.\n2. Run:\n\n```\na\n```', '1. Do this.'],
    ['reads quotes and alerts', '> [!NOTE]\n> Mind\n> the **gap**.\n>\n> > Again.', 'Mind the gap.\n\nAgain.'],
    ['drops headings, HTML ones too', '# A\n<h1 align="center">B</h1>\n\nText.', 'Text.'],
  ])('%s', (_, markdown, prose) => {
    expect(plainProse(markdown)).toBe(prose)
  })

  it('does not let an image it takes back unsettle the emphasis around it', () => {
    expect(plainProse('*a ![**b](c) d** e* f')).toBe('a d** e f')
  })
})

describe('any text', () => {
  const marks = fc.constantFrom(
    ...[
      '#',
      '=',
      '-',
      '`',
      '```',
      '~~~',
      '>',
      '<',
      '<!--',
      '-->',
      '[',
      '](',
      ')',
      '![',
      '*',
      '_',
      '|',
      '|-|',
      '\n',
      '\n\n',
    ],
    ...[
      '    ',
      ' ',
      'a',
      'B.',
      '1. ',
      '- ',
      '&amp;',
      '\\',
      '<b>',
      '</a>',
      '<a>',
      '<pre>',
      '---\n',
      '漢',
      '😀',
      '\ud83d',
    ],
  )
  const text = fc.array(marks, { maxLength: 60 }).map((parts) => parts.join(''))

  it('is cut without losing a line of its bodies', () => {
    fc.assert(
      fc.property(text, (markdown) => {
        const cut = cutSections(markdown)
        const own = new Set(markdown.split(/\r\n|\n|\r/))
        return cut.every(
          (section) => section.text.trim() !== '' && section.text.split('\n').every((line) => own.has(line)),
        )
      }),
    )
  })

  it('becomes prose without blank lines at its ends, the same each time', () => {
    fc.assert(
      fc.property(text, (markdown) => {
        const prose = plainProse(markdown)
        return prose === prose.trim() && prose === plainProse(markdown)
      }),
      { numRuns: 500 },
    )
  })
})
