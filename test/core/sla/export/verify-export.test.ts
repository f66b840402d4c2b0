import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { exportJson } from '../../../../src/core/sla/export/incident-export.ts';
import { entry, incident2008, note } from '../case/a-case.ts';
import { anExport, entries2008, proofOf, text2008, verified } from './an-export.ts';

const sound = { wrong: [] };

describe('an export, checked offline,', () => {
  test('is sound as it was made, and says what it proves and what it does not', () => {
    const check = verified(text2008);
    expect(check).toEqual({
      wrong: [],
      proved: [
        'each of the 11 entries of the ledger of reading-b is what its hash says, and 9 of them carry the hash of the one before them in this file',
        'the incident is what entry 2 of that ledger says',
        '8 of the 8 things that people added are what it says',
        '1 of the 1 pieces of evidence are what it says',
        'the case, with amendments and verdicts, follows from the incident and its entries',
      ],
      notProved: [],
      untilCompared: [
        expect.stringContaining('compare entry 12, hash'),
        expect.stringContaining('the entries between are of other things'),
      ],
    });
  });

  const forged: readonly (readonly [says: string, find: string, put: string, wrong: RegExp])[] = [
    [
      'a note in the ledger',
      'switch 3 in rack 7 was dark',
      'switch 4 in rack 7 was dark',
      /entry 5 of the ledger \(record.*was changed/,
    ],
    [
      'the length of the outage',
      '"outage": 2640000',
      '"outage": 1640000',
      /entry 0 of the ledger \(incident.*was changed/,
    ],
    ['the hash of an entry', '"hash": "', '"hash": "0', /entry 0 of the ledger/],
    ['the end of the chain', '"lastHash": "', '"lastHash": "0', /SHA-256/],
    ['when it was exported', '2008-05-02T10', '2008-05-03T10', /^the file was changed/],
    ['what it says of the loss', '"lost": "Changes', '"lost": "No changes', /^the file was changed/],
  ];
  test.each(forged)('names what is wrong when somebody changed %s everywhere', (_says, find, put, wrong) => {
    expect(text2008).toContain(find);
    expect(verified(text2008.replaceAll(find, put)).wrong[0]).toMatch(wrong);
  });

  test('is not sound when what is told is not what the ledger says, though every hash is right', () => {
    const other = { ...incident2008, because: 'nothing happened' };
    const told = exportJson(anExport(other, entries2008, proofOf(incident2008, entries2008)));
    expect(verified(told).wrong).toEqual([expect.stringMatching(/^the incident is not what entry 2 of the ledger/)]);
    const less = exportJson(anExport(incident2008, entries2008.slice(1), proofOf(incident2008, entries2008)));
    expect(verified(less).wrong).toEqual([expect.stringMatching(/^entry 4 of the ledger .* was left out/)]);
    const changed = [entry(0, note), ...entries2008.slice(1)];
    expect(verified(exportJson(anExport(incident2008, changed, proofOf(incident2008, entries2008)))).wrong).toEqual([
      expect.stringMatching(/^the note by ada@slough-a .* is not what entry 4/),
    ]);
  });

  test('of a member that did not record it proves what people added, and says where the rest is proved', () => {
    const whole = proofOf(incident2008, entries2008);
    const mirrored = { ...whole, entries: whole.entries.filter(({ kind }) => kind !== 'incident') };
    const check = verified(exportJson(anExport(incident2008, entries2008, mirrored)));
    expect(check).toMatchObject(sound);
    expect(check.notProved).toEqual([expect.stringContaining('reading-b recorded it')]);
  });

  test('of a member whose copy is older proves less, and says where the rest is proved; an older copy of its own is wrong', () => {
    const newer = { ...incident2008, edition: 3, because: 'known since' };
    const older = proofOf({ ...incident2008, edition: 2 }, entries2008);
    const check = verified(exportJson(anExport(newer, entries2008, { ...older, member: 'slough-a' })));
    expect(check).toMatchObject(sound);
    expect(check.notProved).toEqual([expect.stringMatching(/^the newest version of the incident: entry 2 .* older/)]);
    expect(verified(exportJson(anExport(newer, entries2008, older))).wrong).toEqual([
      expect.stringMatching(/^the incident is not what entry 2/),
    ]);
  });

  test('of a ledger that got an older version after the newest, as a disk that refused it for a while does, is sound', () => {
    const newest = { ...incident2008, edition: 3 };
    const late = proofOf({ ...incident2008, edition: 2, state: 'open' }, entries2008, newest);
    const check = verified(exportJson(anExport(newest, entries2008, late)));
    expect(check).toMatchObject(sound);
    expect(check.proved).toContain('the incident is what entry 0 of that ledger says');
  });

  test('that was read from etcd proves nothing, and says so', () => {
    const check = verified(exportJson(anExport(incident2008, entries2008, null)));
    expect(check).toMatchObject(sound);
    expect(check.notProved).toEqual([expect.stringContaining('no entries of a ledger')]);
  });

  test('of another version may derive the case otherwise: that is no forgery', () => {
    const { case: held, ...rest } = anExport();
    const raw = { ...rest, case: { ...held, novelty: 1 } };
    const { wrong, notProved } = verified(JSON.stringify(raw), '0.2.0');
    expect(wrong).toEqual([expect.stringMatching(/^the file was changed/)]);
    expect(notProved.at(-1)).toContain('Baton 0.1.0 made it, this is 0.2.0');
  });

  test('is not sound with any one character changed', () => {
    const positions = [...text2008].flatMap((character, at) => (/\S/.test(character) ? [at] : []));
    fc.assert(
      fc.property(fc.constantFrom(...positions), fc.constantFrom('0', '9', 'x', 'Z', '~'), (at, put) => {
        const flipped = `${text2008.slice(0, at)}${put}${text2008.slice(at + 1)}`;
        if (flipped === text2008) return;
        let wrong: readonly string[] = ['no JSON, or of another shape'];
        try {
          wrong = verified(flipped).wrong;
        } catch {
          // Refused before any check: just as well.
        }
        expect(wrong).not.toEqual([]);
      }),
      { numRuns: 300 },
    );
  });
});
