// Reads the summary of a run from standard input and fails when it is not that of a healthy run. No time is asserted.
import { readFileSync } from 'node:fs';

const summary = JSON.parse(readFileSync(0, 'utf8'));
const { opportunities, arbs } = summary;
const problems = [];
const expect = (holds, facts) => {
  if (!holds) problems.push(facts);
};

expect(opportunities.truth > 0, `no underround existed: truth=${opportunities.truth}`);
expect(opportunities.detected > 0, `none was detected: detected=${opportunities.detected}`);
expect(
  opportunities.false === 0,
  `detections the exchanges do not know: false=${opportunities.false}`,
);
expect(arbs.bothFilled > 0, `no arbitrage filled on both legs: bothFilled=${arbs.bothFilled}`);
expect(arbs.unknown === 0, `legs without a known outcome: unknown=${arbs.unknown}`);
expect(
  summary.pnlMicros === summary.exchangePnlMicros,
  `the books differ: engine=${summary.pnlMicros} exchanges=${summary.exchangePnlMicros}`,
);
console.log(
  `truth=${opportunities.truth} detected=${opportunities.detected} false=${opportunities.false}` +
    ` bothFilled=${arbs.bothFilled} oneLegged=${arbs.oneLegged} pnlMicros=${summary.pnlMicros}`,
);
if (problems.length > 0) {
  console.error(problems.join('\n'));
  process.exit(1);
}
