import { describe, expect, test } from 'vitest';
import { deadSegments } from '../../scripts/rig/shared-memory.ts';

const head = '       key      shmid perms                  size  cpid  lpid nattch   uid   gid  cuid  cgid';
const row = ({ shmid = 7, size = 56, cpid = 100, nattch = 0 }) =>
  `      6441 ${shmid}   600 ${size} ${cpid}  ${cpid}      ${nattch}   110   112   110   112`;

describe('a segment is dead', () => {
  const alive = (pid: number) => pid === 200;
  test.each([
    ['when nobody is attached and its postmaster is gone', {}, [7]],
    ['never while somebody is attached', { nattch: 1 }, []],
    ['never while its postmaster lives, which may be about to attach', { cpid: 200 }, []],
    ['never when its maker cannot be seen from here', { cpid: 0 }, []],
    ['only when it has the size of PostgreSQL’s: no other program’s is touched', { size: 4096 }, []],
  ])('%s', (_, given, expected) => {
    expect(deadSegments(`${head}\n${row(given)}\n`, alive)).toEqual(expected);
  });

  test('none in an empty table', () => {
    expect(deadSegments(`${head}\n`, alive)).toEqual([]);
  });
});
