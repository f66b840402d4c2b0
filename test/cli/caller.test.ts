import { expect, test } from 'vitest';
import { callerName } from '../../src/cli/caller.ts';
import { harmless } from '../../src/cli/terminal.ts';

test.each([
  ['the person behind sudo', { SUDO_USER: 'ada', USER: 'root' }, 'ada@slough-a'],
  ['the user', { USER: 'ada' }, 'ada@slough-a'],
  ['the user id when nothing has a name', {}, 'uid-1000@slough-a'],
  ['the user id when the name is empty', { USER: ' ' }, 'uid-1000@slough-a'],
  ['no control characters', { USER: 'a\u001b[31mda\n' }, 'a__31mda@slough-a'],
])('the caller is %s', (_says, env, caller) => {
  expect(callerName(env, 1000, 'slough-a')).toBe(caller);
});

test.each([
  ['keeps lines, tabs and colours', 'a\n\tb \u001b[1;31mc\u001b[0m', 'a\n\tb \u001b[1;31mc\u001b[0m'],
  ['takes away what moves the cursor', 'a\u001b[2Jb\u001b]0;title\u0007', 'a [2Jb ]0;title '],
  ['takes away what turns the direction of writing', 'a\u202Eb', 'a b'],
])('harmless text %s', (_says, text, shown) => {
  expect(harmless(text)).toBe(shown);
});
