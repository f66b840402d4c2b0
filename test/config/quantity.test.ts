import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { addressText, parseAddress } from '../../src/config/address.ts';
import { nearest } from '../../src/config/nearest.ts';
import { durationText, parseDuration, parseSize, sizeText } from '../../src/config/quantity.ts';
import { parseDayHours, parseDays } from '../../src/config/service-hours.ts';

describe('durations carry their unit', () => {
  const cases: readonly (readonly [string, number | null])[] = [
    ['250ms', 250],
    ['5s', 5_000],
    ['5 s', 5_000],
    ['60m', 3_600_000],
    ['1h', 3_600_000],
    ['7d', 604_800_000],
    ['0s', 0],
    ['5', null],
    ['', null],
    ['s', null],
    ['-1s', null],
    ['0.5s', null],
    ['5S', null],
    ['5 sec', null],
    ['1h30m', null],
    ['9999999999999999s', null],
    ['999999999999999d', null],
    ['5constructor', null],
  ];
  for (const [text, expected] of cases)
    test(`"${text}" is ${expected}`, () => expect(parseDuration(text)).toBe(expected));
  test('what is printed is read back', () => {
    fc.assert(fc.property(fc.nat(), (value) => parseDuration(durationText(value)) === value));
    fc.assert(fc.property(fc.nat(), (value) => parseSize(sizeText(value)) === value));
  });
});

describe('sizes are binary', () => {
  const cases: readonly (readonly [string, number | null])[] = [
    ['0B', 0],
    ['1KiB', 1024],
    ['16MiB', 16_777_216],
    ['1TiB', 1_099_511_627_776],
    ['16MB', null],
    ['16', null],
    ['1GB', null],
    ['9999999TiB', null],
  ];
  for (const [text, expected] of cases) test(`"${text}" is ${expected}`, () => expect(parseSize(text)).toBe(expected));
});

describe('addresses are host:port', () => {
  const cases: readonly (readonly [string, { host: string; port: number } | null])[] = [
    ['127.0.0.1:5432', { host: '127.0.0.1', port: 5432 }],
    ['db-1.example.org:1', { host: 'db-1.example.org', port: 1 }],
    ['[fd00::11]:5432', { host: 'fd00::11', port: 5432 }],
    ['*:5432', { host: '*', port: 5432 }],
    ['127.0.0.1', null],
    ['127.0.0.1:0', null],
    ['127.0.0.1:65536', null],
    ['fd00::11:5432', null],
    [':5432', null],
    ['a b:1', null],
    ['http://a:1', null],
  ];
  for (const [text, expected] of cases)
    test(`"${text}" is ${expected === null ? 'refused' : addressText(expected)}`, () => {
      expect(parseAddress(text)).toEqual(expected);
      if (expected !== null) expect(addressText(expected)).toBe(text);
    });
});

describe('service hours', () => {
  test('a range of days wraps around the week', () => {
    expect(parseDays('mon-fri')).toEqual(['mon', 'tue', 'wed', 'thu', 'fri']);
    expect(parseDays('sat-mon')).toEqual(['sat', 'sun', 'mon']);
    expect(parseDays('wed')).toEqual(['wed']);
    for (const wrong of ['', 'mon-', '-', 'monday', 'mon-tue-wed', 'Mon']) expect(parseDays(wrong)).toBeNull();
  });
  test('a day has parts in order, the end exclusive', () => {
    expect(parseDayHours('08:00-12:30, 13:00-24:00')).toEqual({
      ok: true,
      value: [
        { fromMinute: 480, toMinute: 750 },
        { fromMinute: 780, toMinute: 1440 },
      ],
    });
    expect(parseDayHours('closed')).toEqual({ ok: true, value: [] });
    for (const wrong of [
      '8:00-18:00',
      '08:00',
      '22:00-06:00',
      '08:00-24:01',
      '08:00-12:00, 11:00-13:00',
      '08:60-09:00',
      '',
    ])
      expect(parseDayHours(wrong).ok, wrong).toBe(false);
  });
});

test('the nearest known key is the one that was probably meant, or none', () => {
  const known = ['location', 'name', 'priority', 'tags'];
  expect(nearest('locatoin', known)).toBe('location');
  expect(nearest('Name', known)).toBe('name');
  expect(nearest('prio', known)).toBe('priority');
  expect(nearest('pri', known)).toBeNull();
  expect(nearest('zzz', known)).toBeNull();
});
