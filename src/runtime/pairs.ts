// The registry of pairs: a file that a person approved, line by line. What is not approved is not
// read further.
import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { z } from 'zod';
import { INVERTED, type Polarity, SAME } from '../domain/venue.js';

const pairSchema = z.strictObject({
  name: z.string().min(1),
  /** Kalshi ticker. */
  kalshi: z.string().regex(/^\S+$/, 'must be a ticker'),
  /** Polymarket condition id. */
  polymarket: z.string().regex(/^0x[0-9a-fA-F]{64}$/, 'must be 0x and 64 hex digits'),
  polarity: z.enum(['same', 'inverted']),
  approved: z.boolean(),
});
const registrySchema = z.strictObject({ version: z.literal(1), pairs: z.array(pairSchema) });

export interface ApprovedPair {
  readonly name: string;
  readonly ticker: string;
  readonly conditionId: string;
  readonly polarity: Polarity;
}

export class PairsError extends Error {
  readonly code = 'PAIRS_INVALID';
}

/**
 * The approved pairs of a registry file, in its order. Throws PairsError: a registry that is
 * doubtful is not traded on.
 */
export function loadPairs(path: string): ApprovedPair[] {
  const result = registrySchema.safeParse(readYaml(path));
  if (!result.success) {
    const issue = result.error.issues[0];
    throw new PairsError(
      `the pairs file is not valid: path=${path} at=${issue?.path.join('.')} problem=${issue?.message}`,
    );
  }
  const pairs: ApprovedPair[] = result.data.pairs
    .filter(({ approved }) => approved)
    .map(({ name, kalshi, polymarket, polarity }) => ({
      name,
      ticker: kalshi,
      conditionId: polymarket,
      polarity: polarity === 'same' ? SAME : INVERTED,
    }));
  const twins = (key: string, idOf: (pair: ApprovedPair) => string) =>
    refuseTwins(path, key, pairs.map(idOf));
  // The journal, the stops and the paper exchange know a pair by its name.
  twins('name', ({ name }) => name);
  twins('kalshi', ({ ticker }) => ticker);
  twins('polymarket', ({ conditionId }) => conditionId.toLowerCase());
  if (pairs.length === 0) throw new PairsError(`the pairs file approves no pair: path=${path}`);
  return pairs;
}

function readYaml(path: string): unknown {
  try {
    return parse(readFileSync(path, 'utf8'));
  } catch (cause) {
    throw new PairsError(`cannot read the pairs file: path=${path}`, { cause });
  }
}

/** A name and a market belong to one pair: their positions and quotes are that pair's. */
function refuseTwins(path: string, key: string, ids: readonly string[]): void {
  const seen = new Set<string>();
  for (const id of ids) {
    if (seen.has(id))
      throw new PairsError(`two pairs have the same ${key}: path=${path} ${key}=${id}`);
    seen.add(id);
  }
}
