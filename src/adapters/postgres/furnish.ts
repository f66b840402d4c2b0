/** What a primary needs that leads: it takes writes, and has the role that the others stream with, and a slot for each. */
import { escapeIdentifier, escapeLiteral } from 'pg';
import { slotName } from '../../core/copy-name.ts';
import type { MemberName, Ms } from '../../core/units.ts';
import { changeConfiguration, readOnlySetting } from './configuration.ts';
import type { Instance } from './instance.ts';
import { passwordOf } from './options.ts';
import { flag, optionalText, text } from './row.ts';
import { isVerifierOf, scramVerifier } from './scram-verifier.ts';
import type { Session } from './session.ts';

const furnishLimitMs: Ms = 10_000;

/**
 * Idempotent; changes only what differs. Throws SessionFailure. It does not wait for a standby. Somebody may have promoted
 * by hand the very standby whose promotion by its leader had failed: nothing but this would make that one take writes.
 */
export async function furnish(instance: Instance, slotsFor: readonly MemberName[], signal: AbortSignal): Promise<void> {
  const reload = await changeConfiguration(instance, readOnlySetting(false));
  await instance.control.use(
    furnishLimitMs,
    async (talk, leftMs) => {
      if (reload) await talk.run('SELECT pg_reload_conf()', leftMs());
      await furnishRole(instance, talk, leftMs);
      await furnishSlots(
        talk,
        slotName(instance.options.member),
        slotsFor.filter((member) => member !== instance.options.member).map(slotName),
        leftMs,
      );
    },
    signal,
  );
}

async function furnishRole(instance: Instance, talk: Session, leftMs: () => Ms): Promise<void> {
  const { replication } = instance.options;
  const name = escapeIdentifier(replication.username);
  const password = passwordOf(replication);
  const question = `SELECT rolpassword, rolreplication AND rolcanlogin AS able FROM pg_authid WHERE rolname = ${escapeLiteral(replication.username)}`;
  const [role] = await talk.run(question, leftMs());
  if (role === undefined) {
    await talk.run(
      `CREATE ROLE ${name} LOGIN REPLICATION PASSWORD ${escapeLiteral(scramVerifier(password))}`,
      leftMs(),
    );
    return;
  }
  if (!flag(role, 'able')) await talk.run(`ALTER ROLE ${name} LOGIN REPLICATION`, leftMs());
  if (!isVerifierOf(optionalText(role, 'rolpassword') ?? '', password)) {
    await talk.run(`ALTER ROLE ${name} PASSWORD ${escapeLiteral(scramVerifier(password))}`, leftMs());
  }
}

/** A slot that lost its WAL is of no use to anybody: its member will be cloned, and needs a new one. */
async function furnishSlots(talk: Session, own: string, wanted: readonly string[], leftMs: () => Ms): Promise<void> {
  const question = `SELECT slot_name, active, wal_status IS NOT DISTINCT FROM 'lost' AS lost FROM pg_replication_slots
    WHERE slot_type = 'physical' AND starts_with(slot_name, 'baton_')`;
  const kept = new Set<string>();
  for (const row of await talk.run(question, leftMs())) {
    const name = text(row, 'slot_name');
    // Only our own is known to be of no use; somebody else's may be of a member that is down and comes back.
    const useless = name === own || flag(row, 'lost');
    if (useless && !flag(row, 'active'))
      await talk.run(`SELECT pg_drop_replication_slot(${escapeLiteral(name)})`, leftMs());
    else kept.add(name);
  }
  for (const name of wanted.filter((each) => !kept.has(each))) {
    await talk.run(`SELECT pg_create_physical_replication_slot(${escapeLiteral(name)}, true)`, leftMs());
  }
}
