import { Writable } from 'node:stream';
import { describe, expect, test } from 'vitest';
import { createLogger } from '../../src/adapters/journal/logger.ts';
import { parseLsn } from '../../src/core/units.ts';

class Collected extends Writable {
  text = '';
  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.text += String(chunk);
    done();
  }
}

function logged(
  format: 'json' | 'text',
  write: (log: ReturnType<typeof createLogger>) => void,
  level: 'info' | 'warn' = 'info',
): readonly string[] {
  const stream = new Collected();
  write(createLogger({ level, format, member: 'slough-a', stream }));
  return stream.text.trimEnd().split('\n');
}

describe('the log', () => {
  test('as json is one object per line with the member on it', () => {
    const [line, ...more] = logged('json', (log) =>
      log.warn('lease renewed late', { lateMs: 7, lsn: parseLsn('16/B374D848'), error: new Error('no route') }),
    );
    expect(more).toEqual([]);
    expect(JSON.parse(line!)).toEqual({
      time: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
      level: 'warn',
      member: 'slough-a',
      message: 'lease renewed late',
      fields: { lateMs: 7, lsn: '16/B374D848', error: 'no route' },
    });
  });

  test('as text is for people, and no value can pass for another line or field', () => {
    const [line, ...more] = logged('text', (log) =>
      log.error('postgres\nended', { code: 1, problem: 'a b\nlevel=info', host: '127.0.0.1:5432' }),
    );
    expect(more).toEqual([]);
    expect(line).toMatch(/Z ERROR slough-a postgres ended code=1 problem="a b\\nlevel=info" host=127\.0\.0\.1:5432$/);
  });

  test('leaves out what is below its level', () => {
    expect(
      logged(
        'text',
        (log) => {
          log.info('calm');
          log.warn('not calm');
        },
        'warn',
      ),
    ).toHaveLength(1);
  });

  test('survives what cannot be printed', () => {
    const circle: Record<string, unknown> = {};
    circle['self'] = circle;
    expect(logged('json', (log) => log.info('odd', circle))[0]).toContain('unprintable');
  });

  test('survives a reader that went away', () => {
    const stream = new Collected();
    const log = createLogger({ level: 'info', format: 'json', member: 'slough-a', stream });
    stream.destroy(new Error('EPIPE'));
    expect(() => log.info('nobody listens')).not.toThrow();
  });
});
