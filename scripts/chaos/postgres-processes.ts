/** The processes of one member's PostgreSQL. */
import type { FoundProcess } from '../rig/processes.ts';
import type { RigMember } from '../rig/rig-member.ts';

/** All of them live in the data directory. */
export const postgresProcesses = (member: RigMember): readonly FoundProcess[] =>
  member.processes('node').filter(({ cwd }) => cwd === member.files.dataDir);

/** Those that serve clients of the test: its address is in their titles. */
export const clientBackends = (member: RigMember): readonly FoundProcess[] =>
  postgresProcesses(member).filter(({ argv }) => /^postgres: .* 10\.77\.0\.254\(/.test(argv[0] ?? ''));
