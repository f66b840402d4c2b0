import { describe, expect, test } from 'vitest';
import { followedBy, primaryConninfo } from '../../src/adapters/postgres/conninfo.ts';
import { parseControlData } from '../../src/adapters/postgres/control-data.ts';
import { isVerifierOf, scramVerifier } from '../../src/adapters/postgres/scram-verifier.ts';
import { parseWaits, renderWaits } from '../../src/adapters/postgres/standby-names.ts';
import { segmentName } from '../../src/adapters/postgres/wal-files.ts';
import { memberName, parseLsn, timeline } from '../../src/core/units.ts';

describe('synchronous_standby_names', () => {
  const cases = [
    ['nobody is waited for', { names: [], nobody: false }, ''],
    ['a name that nobody has', { names: [], nobody: true }, 'FIRST 1 ("baton_nobody")'],
    [
      'one name, quoted because it has a hyphen',
      { names: ['baton_b-1_0a'], nobody: false },
      'FIRST 1 ("baton_b-1_0a")',
    ],
    ['every one of several', { names: ['x', 'y"z'], nobody: false }, 'FIRST 2 ("x", "y""z")'],
    ['a standby rather than nobody', { names: ['x'], nobody: true }, 'FIRST 1 ("x")'],
  ] as const;
  for (const [says, waits, text] of cases) {
    test(`is written and read back: ${says}`, () => {
      expect(renderWaits(waits)).toBe(text);
      expect(parseWaits(text)).toEqual({
        waitsFor: waits.names,
        waitsForNobody: waits.names.length === 0 && waits.nobody,
        foreign: false,
      });
    });
  }
  test('of another form says nothing about who is waited for', () => {
    for (const text of ['*', 'ANY 1 ("x")', 'FIRST 1 ("x", "y")', 'FIRST 1 (x)', 'x']) {
      expect(parseWaits(text)).toEqual({ waitsFor: [], waitsForNobody: false, foreign: true });
    }
  });
});

describe('primary_conninfo', () => {
  const upstream = { member: memberName('slough-a'), host: '10.0.0.1', port: 5432 };
  test('names the member at the other end, and no password', () => {
    const text = primaryConninfo(upstream, 'repl', '/state dir/pgpass', 'baton_b_0a');
    expect(followedBy(text)).toBe('slough-a');
    expect(text).toContain("passfile='/state dir/pgpass'");
    expect(text).not.toContain('password=');
  });
  test('of somebody else names nobody', () => {
    expect(followedBy('')).toBeNull();
    expect(followedBy('host=a application_name=b')).toBeNull();
  });
});

test('a verifier is of one password only', () => {
  const verifier = scramVerifier('one');
  expect(isVerifierOf(verifier, 'one')).toBe(true);
  expect(isVerifierOf(verifier, 'two')).toBe(false);
  expect(isVerifierOf('md5abc', 'one')).toBe(false);
});

test('a WAL segment is named as PostgreSQL names it', () => {
  expect(segmentName(timeline(2), parseLsn('1/2A000028'), 16 * 1024 ** 2)).toBe('00000002000000010000002A');
});

test('a control file that lacks something is refused by its name', () => {
  expect(() => parseControlData('Database cluster state: in production\n')).toThrow('max_connections setting');
  expect(() => parseControlData('Database cluster state: confused\n')).toThrow('confused');
});
