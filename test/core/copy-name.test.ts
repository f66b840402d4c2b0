import { expect, test } from 'vitest';
import { copyName, memberOfCopy, slotName } from '../../src/core/copy-name.ts';
import { copyId, memberName } from '../../src/core/units.ts';

test('a copy name tells its member again', () => {
  const name = copyName(memberName('slough-a'), copyId('0f3a9c21'));
  expect(name).toBe('baton_slough-a_0f3a9c21');
  expect(memberOfCopy(name)).toBe('slough-a');
});

test('a name that is not of this form belongs to nobody', () => {
  for (const name of ['walreceiver', 'baton_', 'baton_a', 'baton_nobody']) expect(memberOfCopy(name)).toBeNull();
});

test('a slot name holds only what PostgreSQL allows, and is the same for every copy of a member', () => {
  expect(slotName(memberName('slough-a'))).toBe('baton_slough_a');
});
