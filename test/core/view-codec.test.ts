import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { canonicalJson } from '../../src/core/canonical-json.ts';
import { formatDecided, formatHappened, parseJournalLine, wallOfLine } from '../../src/core/journal-line.ts';
import type { Decision } from '../../src/core/decision.ts';
import { memberName, monoMs, parseLsn, revision, wallMs } from '../../src/core/units.ts';
import { decodeValue, decodeView, encodeValue, encodeView } from '../../src/core/view-codec.ts';
import type { View } from '../../src/core/view.ts';

/** Anything a view may hold, and things that look like the codec's own marks. */
const anyValue = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    fc.constant(null),
    fc.boolean(),
    fc.double(),
    fc.string(),
    fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
    fc.array(tie('value'), { maxLength: 4 }),
    fc.dictionary(fc.oneof(fc.string(), fc.constantFrom('$lsn', '$map', '$number', '$object')), tie('value'), {
      maxKeys: 3,
      noNullPrototype: true,
    }),
    fc
      .array(fc.tuple(fc.oneof(fc.string(), fc.integer()), tie('value')), { maxLength: 3 })
      .map((pairs) => new Map(pairs)),
  ),
})).value;

/** The parts of a view that JSON cannot hold, in their places; the rest is of no interest to the codec. */
const aView = {
  nowMono: monoMs(1234.5),
  self: { name: memberName('reading-b'), startedMono: monoMs(Number.NEGATIVE_INFINITY) },
  policy: { lease: { ttlMs: 5000 } },
  coordinator: {
    kind: 'read',
    state: {
      revision: revision(7),
      members: new Map([[memberName('slough-a'), { kind: 'present', value: { lsn: parseLsn('16/B374D848') } }]]),
    },
  },
  postgres: { kind: 'standby', receivedLsn: parseLsn('0/5000148') },
  peers: new Map(),
} as unknown as View;

describe('a view as JSON', () => {
  test('comes back as it was, whatever is in it', () => {
    const roundTrip = (value: unknown) => decodeValue(JSON.parse(JSON.stringify(encodeValue(value))));
    fc.assert(
      fc.property(anyValue, (value) => {
        expect(roundTrip(value)).toEqual(value);
      }),
      { numRuns: 1000 },
    );
  });

  test('comes back as it was, for a view', () => {
    const text = JSON.stringify(encodeView(aView));
    expect(text).toContain('{"$lsn":"16/B374D848"}');
    expect(decodeView(JSON.parse(text))).toEqual({ ok: true, value: aView });
  });

  test.each([
    ['nothing', null],
    ['a list', []],
    ['an object without the fields of a view', { nowMono: 1 }],
    ['an LSN that is none', { ...(encodeView(aView) as object), postgres: { $lsn: 'x' } }],
    ['a map that is none', { ...(encodeView(aView) as object), peers: { $map: [1] } }],
  ])('is refused when it is %s', (_what, json) => {
    expect(decodeView(json)).toMatchObject({ ok: false });
  });

  test('refuses functions instead of dropping them', () => {
    expect(() => encodeValue({ act: () => undefined })).toThrow(TypeError);
  });
});

describe('a line of the journal', () => {
  const stamp = { seq: 3, wall: wallMs(Date.parse('2008-04-24T08:15:00.123Z')), mono: monoMs(99.25) };
  const decision: Decision = {
    rule: 'campaign',
    because: 'the lease is free',
    intents: [
      { kind: 'fence', reason: 'x' },
      { kind: 'operate', operation: { kind: 'stop', mode: 'fast', limitMs: 5, reason: 'y' } },
    ],
  };

  test('of a decision can be fed to decide again', () => {
    const line = formatDecided(stamp, aView, decision);
    expect(line.indexOf('\n')).toBe(line.length - 1);
    expect(Date.parse(wallOfLine(line) ?? '')).toBe(stamp.wall);
    expect(parseJournalLine(line)).toEqual({
      ok: true,
      value: { kind: 'decided', sample: false, ...stamp, wall: '2008-04-24T08:15:00.123Z', ...decision, view: aView },
    });
  });

  test('of an event keeps its details', () => {
    const parsed = parseJournalLine(formatHappened(stamp, 'near-miss', { lsn: parseLsn('1/2'), lastedMs: 300 }));
    expect(parsed).toMatchObject({
      ok: true,
      value: { kind: 'happened', event: 'near-miss', details: { lsn: parseLsn('1/2'), lastedMs: 300 } },
    });
  });

  test.each([
    ['cut off by a crash', '{"v":1,"seq":3,"wa', /cut off/],
    ['of another version', '{"v":2}', /version 2/],
    ['without its stamp', '{"v":1,"rule":"x"}', /seq/],
    ['neither decision nor event', '{"v":1,"seq":1,"wall":"","mono":1}', /neither/],
    [
      'with a view that is none',
      '{"v":1,"seq":1,"wall":"","mono":1,"rule":"r","because":"b","intents":[],"view":{}}',
      /not a view/,
    ],
  ])('that is %s is refused with the reason', (_what, line, problem) => {
    const parsed = parseJournalLine(line);
    expect(parsed.ok ? '' : parsed.error).toMatch(problem);
  });
});

describe('canonical JSON', () => {
  test('is the same text for the same content in any order of keys', () => {
    expect(canonicalJson({ b: [1, { d: null, c: 'x' }], a: 1.5, gone: undefined })).toBe(
      '{"a":1.5,"b":[1,{"c":"x","d":null}]}',
    );
  });

  test('survives being parsed and written again', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const text = canonicalJson(value);
        expect(canonicalJson(JSON.parse(text))).toBe(text);
      }),
    );
  });

  test('refuses what is not JSON', () => {
    expect(() => canonicalJson({ lsn: 1n })).toThrow(TypeError);
    expect(() => canonicalJson(Number.NaN)).toThrow(TypeError);
  });
});
