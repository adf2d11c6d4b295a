// `underround why ID`: the inputs and the arithmetic of one decision, worked out again, and what became of it. It only reads.
import { Command } from 'commander';
import { EXIT_FAILURE, EXIT_GOOD, type ExitCode } from './exit-codes.js';
import { openJournal } from './report/journal-source.js';
import { addStateDirFlag, stateDirOf } from './report/state-dir.js';
import { type Why, whyOf } from './report/why.js';
import { ID_FORMS, storyRows } from './report/why-id.js';
import { whyText } from './report/why-text.js';
import { wantsColour } from './run-output.js';

const EXAMPLES = `
${ID_FORMS}

With --json: the decision as it was put down, its inputs, the arithmetic (walks through both books, costs, fees, net, checks), orders with
their stages in ns, states, fills, the checks of the execution, and addsUp. Money is in micro-dollars, prices in 1/10,000 dollar.

Exit codes: 0 every number is right; 1 it does not add up, or its inputs cannot be read; 2 wrong flags, no journal, or no such ID.

Examples:
  $ underround why r3.0.17
  $ underround why d1234
  $ underround why r3.0.17 --json | jq .arithmetic.checks
`;

/** Of the text when it does not go to a terminal. */
const PLAIN_WIDTH = 120;

export function whyCommand(ended: (code: ExitCode) => void): Command {
  const command = new Command('why')
    .description('the inputs and arithmetic of one decision, fired or not, and what became of it')
    .argument('<id>', 'an arbitrage, a decision or an order')
    .option('--json', 'print one JSON object')
    .addHelpText('after', EXAMPLES)
    .action((id: string, options: Record<string, unknown>) => {
      const why = findWhy(id, stateDirOf(options, process.env));
      const width = process.stdout.columns ?? PLAIN_WIDTH;
      const text =
        options.json === true
          ? JSON.stringify(why)
          : whyText(why, width, wantsColour(process.stdout, process.env));
      process.stdout.write(`${text}\n`);
      ended(why.addsUp ? EXIT_GOOD : EXIT_FAILURE);
    });
  return addStateDirFlag(command);
}

function findWhy(id: string, stateDir: string): Why {
  const journal = openJournal(stateDir);
  try {
    const { rows, decision } = storyRows(id, journal);
    return whyOf(id, rows, decision);
  } finally {
    journal.close();
  }
}
