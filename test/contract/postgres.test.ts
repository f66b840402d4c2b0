import { describe } from 'vitest';
import { postgresContract } from './postgres.contract.ts';
import { realServers } from './real-servers.ts';
import { simulatedServers } from './simulated-servers.ts';

describe('the simulated PostgreSQL', () => postgresContract(simulatedServers));
describe('PostgreSQL', () => postgresContract(realServers));
